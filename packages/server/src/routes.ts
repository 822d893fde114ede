import type { ResponseRequest } from '@antiphon/client'
import type { BuiltInTool } from 'antiphon'
import * as conversations from './conversations/conversations.ts'
import { endpointRoute } from './endpoint-route.ts'
import { fileRoutes } from './files/files.ts'
import type { Call, Reply } from './http/reply.ts'
import type { Route } from './http/router.ts'
import {
  parseCompact,
  parseConversation,
  parseConversationItems,
  parseConversationUpdate,
  parseInputTokens,
} from './request/parse-body.ts'
import { parseListQuery, parseRetrieveQuery } from './request/parse-query.ts'
import { answerCreate } from './responses/answer-create.ts'
import { compactHistory } from './responses/compact.ts'
import { countInputTokens } from './responses/input-tokens.ts'
import { refusals } from './responses/refusals.ts'
import type { Responder } from './responses/responder.ts'
import {
  cancelResponse,
  deleteResponse,
  getResponse,
  listInputItems,
  streamResponse,
} from './responses/stored.ts'
import { upstreamFor } from './responses/upstream-for.ts'
import type { Limiter } from './tenants/limits.ts'
import { chatHandler } from './ui-messages/chat-handler.ts'
import { replyEvents } from './ui-messages/reply-events.ts'
import type { Upstream } from './upstream/upstream.ts'

const json = (body: object, headers: Readonly<Record<string, string>> = {}): Reply => ({
  kind: 'json',
  status: 200,
  body,
  headers,
})

/** What is known before the store is open. */
interface Offer {
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly lenient: boolean
  /** Built-in tools that run here. */
  readonly tools: readonly BuiltInTool[]
}

/** Everything that the server answers to. `open` gives what it works with, when the store is open. */
export const routesOf = (
  open: () => Promise<Responder>,
  limiter: Limiter,
  offer: Offer,
): readonly Route[] => {
  const create = async (call: Call): Promise<Reply> => {
    const body = await call.json()
    const { principal, headers, warn } = call
    return answerCreate(await open(), limiter, {
      body,
      principal,
      headers,
      warn,
      // Made when somebody asks for it: a signal is dear, and a stream has its own way to learn that its reader has gone.
      get signal() {
        return call.signal
      },
    })
  }

  /** A chat of a page is answered as any request. */
  const chat = chatHandler({
    async answer({ input, body }, { principal, headers, signal }) {
      const asked = { ...pick(body), input, stream: true, store: false }
      return replyEvents(
        await answerCreate(await open(), limiter, {
          body: asked,
          principal,
          headers,
          signal,
          warn: () => undefined,
        }),
        signal,
      )
    },
  })

  const retrieve = async (call: Call): Promise<Reply> => {
    const { id = '' } = call.params
    const { stream, starting_after: after } = parseRetrieveQuery(call.query)
    const { tenant } = call.principal
    const responder = await open()
    if (!stream) return json(await getResponse(responder, tenant, id))
    return { kind: 'stream', open: await streamResponse(responder, tenant, id, after ?? -1) }
  }

  /** A handler of one stored thing. */
  const one =
    (handle: (responder: Responder, tenant: string, id: string, call: Call) => Promise<object>) =>
    async (call: Call): Promise<Reply> =>
      json(await handle(await open(), call.principal.tenant, call.params.id ?? '', call))

  return [
    { method: 'POST', path: '/responses', handle: create },
    {
      method: 'POST',
      path: '/responses/compact',
      handle: one(async (responder, tenant, _id, call) => {
        const request = parseCompact(await call.json()) as ResponseRequest
        return compactHistory(
          responder,
          tenant,
          upstreamFor(responder, request.model ?? undefined),
          request,
          call.signal,
        )
      }),
    },
    {
      method: 'POST',
      path: '/responses/input_tokens',
      handle: one(async (responder, tenant, _id, call) =>
        countInputTokens(responder, tenant, parseInputTokens(await call.json()) as ResponseRequest),
      ),
    },
    { method: 'POST', path: '/ui/chat', handle: chat },
    { method: 'GET', path: '/responses/:id', handle: retrieve },
    {
      method: 'DELETE',
      path: '/responses/:id',
      handle: one((responder, tenant, id) => deleteResponse(responder, tenant, id)),
    },
    {
      method: 'POST',
      path: '/responses/:id/cancel',
      handle: one((responder, tenant, id) => cancelResponse(responder, tenant, id)),
    },
    {
      method: 'GET',
      path: '/responses/:id/input_items',
      handle: one((responder, tenant, id, call) =>
        listInputItems(responder, tenant, id, parseListQuery(call.query)),
      ),
    },
    {
      method: 'POST',
      path: '/conversations',
      handle: one(async (responder, tenant, _id, call) =>
        conversations.createConversation(
          responder,
          tenant,
          parseConversation((await call.json({ isOptional: true })) ?? {}),
        ),
      ),
    },
    {
      method: 'GET',
      path: '/conversations/:id',
      handle: one((responder, tenant, id) => conversations.getConversation(responder, tenant, id)),
    },
    {
      method: 'POST',
      path: '/conversations/:id',
      handle: one(async (responder, tenant, id, call) =>
        conversations.updateConversation(
          responder,
          tenant,
          id,
          parseConversationUpdate(await call.json()).metadata ?? {},
        ),
      ),
    },
    {
      method: 'DELETE',
      path: '/conversations/:id',
      handle: one((responder, tenant, id) => conversations.deleteConversation(responder, tenant, id)),
    },
    {
      method: 'POST',
      path: '/conversations/:id/items',
      handle: one(async (responder, tenant, id, call) =>
        conversations.addItems(responder, tenant, id, parseConversationItems(await call.json()).items),
      ),
    },
    {
      method: 'GET',
      path: '/conversations/:id/items',
      handle: one((responder, tenant, id, call) =>
        conversations.listItems(responder, tenant, id, parseListQuery(call.query)),
      ),
    },
    {
      method: 'GET',
      path: '/conversations/:id/items/:itemId',
      handle: one((responder, tenant, id, call) =>
        conversations.getItem(responder, tenant, id, call.params.itemId ?? ''),
      ),
    },
    {
      method: 'DELETE',
      path: '/conversations/:id/items/:itemId',
      handle: one((responder, tenant, id, call) =>
        conversations.deleteItem(responder, tenant, id, call.params.itemId ?? ''),
      ),
    },
    {
      method: 'GET',
      path: '/models',
      handle: async () => json({ object: 'list', data: [...offer.upstreams.keys()].map(modelOf) }),
    },
    {
      method: 'GET',
      path: '/models/:id',
      handle: async ({ params: { id = '' } }) => {
        if (!offer.upstreams.has(id)) throw refusals.modelNotFound(id, [...offer.upstreams.keys()], 404)
        return json(modelOf(id))
      },
    },
    { method: 'GET', path: '/capabilities', handle: async () => json(capabilitiesOf(offer)) },
    ...fileRoutes(open),
    ...offer.tools.flatMap(({ endpoints = [] }) =>
      endpoints.map((endpoint) => endpointRoute(endpoint, open)),
    ),
    { method: 'GET', path: '/health', isPublic: true, handle: async () => json({ status: 'ok' }) },
  ]
}

/** What a page may say beside its messages. */
const pick = (body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const picked: Record<string, unknown> = {}
  for (const name of CHAT_PARAMETERS) if (body[name] !== undefined) picked[name] = body[name]
  return picked
}

const CHAT_PARAMETERS = [
  'model',
  'instructions',
  'reasoning',
  'metadata',
  'max_tool_calls',
  'max_output_tokens',
]

const STARTED = Math.floor(Date.now() / 1_000)

const modelOf = (id: string): object => ({ id, object: 'model', created: STARTED, owned_by: 'antiphon' })

/** What is refused, by model, so that a client can know before it asks. */
const capabilitiesOf = ({ upstreams, lenient, tools }: Offer): object => ({
  object: 'capabilities',
  lenient,
  models: Object.fromEntries(
    [...upstreams].map(([name, { refuses, compact }]) => [
      name,
      { refuses: refuses ?? {}, compact: compact === undefined ? 'summary' : 'upstream' },
    ]),
  ),
  state: ['store', 'previous_response_id', 'conversation', 'background', 'idempotency_key'],
  tools: tools.map(({ name, types, runs = 'auto' }) => ({ name, types, runs })),
  endpoints: [
    ...new Set([
      'responses',
      'conversations',
      'models',
      'files',
      ...tools.flatMap(({ endpoints = [] }) => endpoints.map(({ path }) => path.split('/')[1] ?? '')),
    ]),
  ],
})
