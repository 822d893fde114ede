import type { InputItem, Response, ResponseRequest } from '@antiphon/client'
import type { NewStoredResponse, StoredResponse } from '@antiphon/store'
import type { FrameSink } from '../http/reply.ts'
import { checkHistory } from '../request/check-history.ts'
import { beginResponse } from '../request/echo.ts'
import { withoutSecrets } from '../request/without-secrets.ts'
import type { Idempotency } from '../tenants/idempotency.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Hydrated, LocalResponses } from './hydrate.ts'
import { hydrateWithFiles } from './hydrate-files.ts'
import { LiveResponse } from './live-response.ts'
import { streamLive } from './live-stream.ts'
import { newId } from './own-input.ts'
import { readEvents } from './read-events.ts'
import { refusals } from './refusals.ts'
import type { Responder } from './responder.ts'
import { type Outcome, type ResponseJob, runResponse } from './run-response.ts'

/** A request that was found to be in order. */
export interface CreateOptions {
  readonly tenant: string
  readonly request: ResponseRequest
  readonly upstream: Upstream
  readonly idempotency?: Idempotency
  /** Responses that are not stored, of this connection. */
  readonly local?: LocalResponses
  /** Told when it has ended, whoever is still there. */
  onEnded?(outcome: Outcome): void
}

/** A response that has begun. */
export type Created = {
  /** False for one that an earlier request with the same key has begun. */
  readonly isNew: boolean
} & (
  | { readonly kind: 'stream'; readonly id: string; open(sink: FrameSink): void }
  | { readonly kind: 'response'; readonly response: Response }
  /** It is awaited: it ends with the client, unless it may go on without. */
  | {
      readonly kind: 'outcome'
      readonly id: string
      readonly outcome: Promise<Outcome>
      clientGone(): void
    }
)

/**
 * Begins a response.
 *
 * @throws ServeError 400, 404, 409.
 */
export const createResponse = async (responder: Responder, options: CreateOptions): Promise<Created> => {
  const { tenant, request, upstream, idempotency } = options
  const input = await hydrateWithFiles(responder, tenant, request, options.local)
  checkHistory(input.items)
  const now = Date.now()
  const base = beginResponse(request, {
    id: newId('resp'),
    model: request.model ?? upstream.models[0] ?? 'model',
    createdAt: Math.floor(now / 1_000),
  })
  const isBackground = request.background === true
  const isStored = request.store !== false
  const isStream = request.stream === true
  const rowOf = (ended?: Pick<NewStoredResponse, 'status' | 'response' | 'output'>): NewStoredResponse =>
    newRow(responder, { tenant, request, input, base, now, idempotency, ended })
  const isInsertedFirst = isStored && (isBackground || isStream || idempotency !== undefined)
  if (isInsertedFirst) {
    const inserted = await responder.responses.insert(rowOf())
    if (inserted.kind === 'conflict') throw refusals.repeatedKey()
    if (inserted.kind === 'repeated') return repeat(responder, inserted.existing, isStream)
  }
  const live = new LiveResponse(base.id, isBackground)
  const job: ResponseJob = {
    tenant,
    base,
    request,
    input,
    upstream,
    events: isStored && (isStream || isBackground) ? 'logged' : isStream ? 'live' : 'none',
    ...(isInsertedFirst ? { row: { epoch: 1 } } : isStored ? { insertAtEnd: rowOf } : {}),
  }
  const begin = async (): Promise<Outcome> => {
    const outcome = await runResponse(responder, job, live)
    options.onEnded?.(outcome)
    return outcome
  }
  if (isBackground && !isStream) {
    void begin()
    return { isNew: true, kind: 'response', response: base }
  }
  const clientGone = (): void => {
    if (isBackground || live.isOver) return
    const { disconnectGraceMs } = responder.options
    const gone = (): void => live.cancel('The client has gone.')
    if (disconnectGraceMs === 0) return gone()
    const timer = setTimeout(gone, disconnectGraceMs)
    void live.ended.then(() => clearTimeout(timer))
  }
  if (!isStream) return { isNew: true, kind: 'outcome', id: base.id, outcome: begin(), clientGone }
  return {
    isNew: true,
    kind: 'stream',
    id: base.id,
    open(sink) {
      sink.onClose(clientGone)
      if (job.events === 'live') streamLive(live, sink)
      void begin()
      if (job.events === 'logged') readEvents(responder, tenant, base.id, -1, sink)
    },
  }
}

interface RowFacts {
  readonly tenant: string
  readonly request: ResponseRequest
  readonly input: Hydrated
  readonly base: Response
  readonly now: number
  readonly idempotency: Idempotency | undefined
  readonly ended: Pick<NewStoredResponse, 'status' | 'response' | 'output'> | undefined
}

const newRow = (responder: Responder, facts: RowFacts): NewStoredResponse => {
  const { tenant, request, input, base, now, idempotency, ended } = facts
  const { before, conversation, own } = input
  return {
    tenant,
    id: base.id,
    status: base.status ?? 'in_progress',
    response: base,
    // Its own input with the ids that it was given: another process must not give it others.
    request: { ...withoutSecrets(request), input: own as InputItem[] } as ResponseRequest,
    background: request.background === true,
    ...(conversation === undefined ? {} : { conversation: conversation.id }),
    ...(before === undefined ? {} : { before }),
    inputCount: own.length,
    createdAt: now,
    expiresAt: now + responder.options.keepMs,
    ...(idempotency === undefined ? {} : { idempotency }),
    ...ended,
  }
}

/** The same request again: its response, as it stands or when it has ended. */
const repeat = (responder: Responder, row: StoredResponse, isStream: boolean): Created => {
  const { tenant, id } = row
  if (isStream)
    return { isNew: false, kind: 'stream', id, open: (sink) => readEvents(responder, tenant, id, -1, sink) }
  if (row.background) return { isNew: false, kind: 'response', response: row.response }
  const outcome = untilEnded(responder, row).then((response) => ({ response, items: [] }))
  return { isNew: false, kind: 'outcome', id, outcome, clientGone: () => undefined }
}

/** The response of a row when it has ended, wherever it runs. */
const untilEnded = async (responder: Responder, row: StoredResponse): Promise<Response> => {
  const { tenant, id } = row
  for (;;) {
    let awake = (): void => undefined
    const news = new Promise<void>((resolve) => {
      awake = resolve
    })
    const unwatch = responder.responses.onNews(tenant, id, awake)
    try {
      const now = await responder.responses.get(tenant, id)
      if (now === undefined) throw refusals.notFound('Response', id)
      if (now.status !== 'queued' && now.status !== 'in_progress') return now.response
      await news
    } finally {
      unwatch()
    }
  }
}
