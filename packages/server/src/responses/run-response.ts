import {
  type InputItem,
  isTerminalEvent,
  type Response,
  type ResponseEvent,
  type ResponseRequest,
} from '@antiphon/client'
import type { NewStoredResponse, StoredResponse } from '@antiphon/store'
import type { HistoryPoint } from 'antiphon'
import { TextDelta } from '../upstream/text-delta.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { AnswerScope } from './answer-scope.ts'
import { approvalsOf } from './approvals-of.ts'
import { aborted, endingOf, failureOf } from './ending.ts'
import { FrameLog } from './frame-log.ts'
import { historyItems } from './history-items.ts'
import type { Hydrated } from './hydrate.ts'
import type { LiveResponse } from './live-response.ts'
import { moveConversation } from './move-conversation.ts'
import { liveKey, type Responder } from './responder.ts'
import { StrictEvents } from './strict-events.ts'
import type { ToldResponse } from './told-response.ts'
import { type Ending, type FrameOut, WireWriter } from './wire-writer.ts'

/** A response that is to be run. */
export interface ResponseJob {
  readonly tenant: string
  readonly base: Response
  /** What was asked. */
  readonly request: ResponseRequest
  readonly input: Hydrated
  readonly upstream: Upstream
  /** Its row in the store, when it has one already. */
  readonly row?: Pick<StoredResponse, 'epoch'>
  /** To be inserted when it has ended. */
  readonly insertAtEnd?: (
    ended: Pick<NewStoredResponse, 'status' | 'response' | 'output'>,
  ) => NewStoredResponse
  /** Somebody wants its events: now, or later from the log. */
  readonly events: 'none' | 'live' | 'logged'
  /** After a crash: what readers have been told. */
  readonly told?: ToldResponse
}

/** How it ended. */
export interface Outcome {
  readonly response: Response
  /** What failed it. */
  readonly failure?: unknown
  /** The history that goes on from it, for those that are not stored. */
  readonly items: readonly InputItem[]
}

/** Runs a response to its end, whoever looks on. Never rejects. */
export const runResponse = async (
  responder: Responder,
  job: ResponseJob,
  live: LiveResponse,
): Promise<Outcome> => {
  const key = liveKey(job.tenant, live.id)
  responder.live.set(key, live)
  try {
    return await run(responder, job, live)
  } finally {
    responder.live.delete(key)
  }
}

const run = async (responder: Responder, job: ResponseJob, live: LiveResponse): Promise<Outcome> => {
  const { tenant, base } = job
  const { responses } = responder
  const epoch = job.row?.epoch ?? 0
  const isBackground = base.background === true
  const keepsRun = isBackground && keepsRunOf(job)
  const log =
    job.events === 'logged'
      ? new FrameLog(async (frames) => {
          if (await responses.appendFrames(tenant, base.id, epoch, frames)) return
          // Nobody would hear of what comes.
          live.letGo()
          throw aborted('Another process has this response now, or it was removed.')
        }, live.tell)
      : undefined
  const writer = new WireWriter(base, frameOut(job, live, log), {
    obfuscate: job.request.stream_options?.include_obfuscation === true,
    ...(job.told === undefined ? {} : { told: job.told }),
  })
  const scope = new AnswerScope(
    tenant,
    base.id,
    approvalsOf(responder, tenant, base.id),
    keepsRun ? responder.runs.of(tenant) : undefined,
  )
  live.onCancel(
    (reason) => scope.stop(reason),
    (reason) => scope.letGo(reason),
  )
  const unwatch = isBackground ? watchCancel(responder, tenant, live) : undefined
  writer.begin(isBackground)
  const letGo = async (): Promise<Outcome> => {
    await log?.end().catch(() => undefined)
    live.end(base)
    return { response: base, items: [] }
  }
  const ended = isBackground
    ? await inTurn(responder, job, scope, writer, live)
    : await answer(responder, job, scope, writer)
  unwatch?.()
  if (live.isLetGo) return letGo()
  const { ending, failure } = live.cancelled === undefined ? ended : { ...ended, ending: CANCELLED }
  let outcome: Outcome | undefined
  try {
    outcome = await keep(responder, job, writer, ending, log)
  } catch (error) {
    if (live.isLetGo) return letGo()
    responder.onError(error, { responseId: base.id, tenant })
    outcome = {
      response: writer.end({ status: 'failed', error: failureOf(error) }),
      failure: error,
      items: [],
    }
  }
  if (outcome === undefined) return letGo()
  try {
    await log?.end()
  } catch (error) {
    responder.onError(error, { responseId: base.id, tenant })
  }
  live.end(outcome.response)
  if (keepsRun)
    responder.runs
      .forget(tenant, base.id)
      .catch((error: unknown) => responder.onError(error, { responseId: base.id, tenant }))
  if (isBackground) responder.onEnded?.(tenant, outcome.response)
  return failure === undefined ? outcome : { ...outcome, failure }
}

/** Whether the upstream keeps the run of this very request. */
const keepsRunOf = ({ upstream: { keepsRuns = false }, request, input }: ResponseJob): boolean =>
  typeof keepsRuns === 'boolean'
    ? keepsRuns
    : keepsRuns({ ...request, input: [...input.items] } as ResponseRequest)

const CANCELLED: Ending = { status: 'cancelled' }

const frameOut = (job: ResponseJob, live: LiveResponse, log: FrameLog | undefined): FrameOut | undefined => {
  if (job.events === 'none') return undefined
  if (log !== undefined) return (frame, sequence, isUrgent) => log.push(frame, sequence, isUrgent)
  return inOneTick(live.tell)
}

/** What is told in one tick goes out together: the frames of one piece of an upstream's stream are one write. */
const inOneTick = (tell: LiveResponse['tell']): FrameOut => {
  let text = ''
  let first = 0
  let last = -1
  const flush = (): void => {
    const frames = { first, last, text }
    text = ''
    tell(frames)
  }
  return (frame, sequence) => {
    if (text === '') {
      first = sequence
      queueMicrotask(flush)
    }
    last = sequence
    text += frame
  }
}

/** Somebody cancels it, perhaps in another process. */
const watchCancel = ({ responses }: Responder, tenant: string, live: LiveResponse): (() => void) =>
  responses.onNews(tenant, live.id, () => {
    responses.statusOf(tenant, live.id).then(
      (status) => {
        if (status === undefined || status === 'cancelled') live.cancel('The response was cancelled.')
      },
      () => undefined,
    )
  })

interface Ended {
  readonly ending: Ending
  readonly failure?: unknown
}

/** A background response waits for its turn. */
const inTurn = async (
  responder: Responder,
  job: ResponseJob,
  scope: AnswerScope,
  writer: WireWriter,
  live: LiveResponse,
): Promise<Ended> => {
  const leave = await responder.turnstile.enter(scope.signal)
  if (leave === undefined) return { ending: CANCELLED }
  try {
    const isMine = await responder.responses.update(
      job.tenant,
      live.id,
      { status: 'in_progress' },
      { status: ['queued', 'in_progress'], epoch: job.row?.epoch ?? 0 },
    )
    if (!isMine) return { ending: CANCELLED }
    return await answer(responder, job, scope, writer)
  } catch (failure) {
    responder.onError(failure, { responseId: job.base.id, tenant: job.tenant })
    return { ending: { status: 'failed', error: failureOf(failure) }, failure }
  } finally {
    leave()
  }
}

const answer = async (
  responder: Responder,
  job: ResponseJob,
  scope: AnswerScope,
  writer: WireWriter,
): Promise<Ended> => {
  const { upstream, request, input } = job
  const strict = new StrictEvents(job.base.id)
  let last: ResponseEvent | undefined
  writer.start()
  try {
    const answered = upstream.answer(
      {
        ...request,
        input: [...input.items],
        previous_response_id: undefined,
        conversation: undefined,
      } as ResponseRequest,
      (event) => {
        if (!(event instanceof TextDelta) && isTerminalEvent(event)) {
          last = event
          return
        }
        const told = strict.read(event)
        if (told !== undefined) writer.take(told)
      },
      scope,
    )
    await Promise.race([answered, scope.givenUp])
    return { ending: endingOf(last) }
  } catch (failure) {
    if (scope.stopped === undefined)
      responder.onError(failure, { responseId: job.base.id, tenant: job.tenant })
    return { ending: { status: 'failed', error: failureOf(failure) }, failure }
  }
}

/**
 * Stores what it has come to, before anybody is told: who is told may go on from it at once. All events but the end are written before: who finds it ended makes the end by
 * itself. Undefined when it is another process's affair now.
 */
const keep = async (
  responder: Responder,
  job: ResponseJob,
  writer: WireWriter,
  ending: Ending,
  log: FrameLog | undefined,
): Promise<Outcome | undefined> => {
  const { tenant, base, input } = job
  const { responses, heads } = responder
  const response = writer.whole(ending)
  // The very same is told, and not that of a second later.
  const asWhole = { ...ending, completed_at: response.completed_at ?? null }
  await log?.end()
  const added = [...input.own, ...historyItems(response)]
  const items = [...input.items, ...historyItems(response)]
  const isStored = job.row !== undefined || job.insertAtEnd !== undefined
  if (!isStored && input.conversation === undefined) return { response: writer.end(asWhole), items }
  let output: HistoryPoint | undefined
  if (input.conversation === undefined) output = await heads.append(input.before, input.earlier, added)
  else output = await moveConversation(responder, input.conversation, added)
  if (job.insertAtEnd !== undefined)
    await responses.insert(job.insertAtEnd({ status: response.status ?? 'completed', response, output }))
  else if (job.row !== undefined) {
    const isMine = await responses.update(
      tenant,
      base.id,
      { status: response.status ?? 'completed', response, output },
      { status: ['queued', 'in_progress'], epoch: job.row.epoch },
    )
    // Cancelled, perhaps in the last moment, or taken: then this is not how it ended.
    if (!isMine) {
      const cancelled = writer.whole(CANCELLED)
      const { epoch } = job.row
      if (
        !(await responses.update(
          tenant,
          base.id,
          { response: cancelled, output },
          { status: ['cancelled'], epoch },
        ))
      )
        return undefined
      await responses.indexItems(tenant, base.id, idsOf(added))
      return { response: writer.end(CANCELLED), items }
    }
  }
  if (isStored) await responses.indexItems(tenant, base.id, idsOf(added))
  return { response: writer.end(asWhole), items }
}

const idsOf = (items: readonly InputItem[]): string[] =>
  items.flatMap((item) => {
    const { id } = item as { id?: unknown }
    return typeof id === 'string' ? [id] : []
  })
