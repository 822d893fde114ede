import type { ResponseRequest } from '@antiphon/client'
import * as conversations from './conversations/conversations.ts'
import type { Call, Reply } from './http/reply.ts'
import type { Route } from './http/router.ts'
import {
  parseCompact,
  parseConversation,
  parseConversationItems,
  parseConversationUpdate,
  parseCreate,
  parseInputTokens,
} from './request/parse-body.ts'
import { parseListQuery, parseRetrieveQuery } from './request/parse-query.ts'
import { checkSupported } from './request/supported.ts'
import { compactHistory } from './responses/compact.ts'
import { type CreateOptions, createResponse } from './responses/create.ts'
import { countInputTokens, tokensOf } from './responses/input-tokens.ts'
import { replyOfFailure } from './responses/reply-of-failure.ts'
import type { Responder } from './responses/responder.ts'
import {
  cancelResponse,
  deleteResponse,
  getResponse,
  listInputItems,
  streamResponse,
} from './responses/stored.ts'
import { upstreamFor } from './responses/upstream-for.ts'
import { readIdempotency } from './tenants/idempotency.ts'
import type { Limiter } from './tenants/limits.ts'

const json = (body: object, headers: Readonly<Record<string, string>> = {}): Reply => ({
  kind: 'json',
  status: 200,
  body,
  headers,
})

/** Everything that the server answers to. */
export const routesOf = (responder: Responder, limiter: Limiter): readonly Route[] => {
  const { options } = responder

  const create = async (call: Call): Promise<Reply> => {
    const body = await call.json()
    const asked = parseCreate(body)
    const upstream = upstreamFor(responder, asked.model ?? undefined)
    const { request, warnings } = checkSupported(asked, upstream.refuses ?? {}, options.lenient)
    for (const warning of warnings) call.warn(warning)
    const idempotency = readIdempotency(call.headers, body)
    const lease = limiter.acquire(
      call.principal,
      tokensOf(request, Array.isArray(request.input) ? request.input : []),
    )
    const given: CreateOptions = {
      tenant: call.principal.tenant,
      request,
      upstream,
      ...(idempotency === undefined ? {} : { idempotency }),
      onEnded({ response }) {
        lease.settle(response.usage)
        lease.release()
      },
    }
    try {
      const created = await createResponse(responder, given)
      switch (created.kind) {
        case 'response':
          return json(created.response, lease.headers)
        case 'stream':
          return { kind: 'stream', headers: lease.headers, open: created.open }
        case 'outcome': {
          call.signal.addEventListener('abort', created.clientGone, { once: true })
          const { response, failure } = await created.outcome
          call.signal.removeEventListener('abort', created.clientGone)
          if (failure !== undefined) throw replyOfFailure(failure)
          return json(response, lease.headers)
        }
      }
    } catch (error) {
      lease.release()
      throw error
    }
  }

  const retrieve = async (call: Call): Promise<Reply> => {
    const { id = '' } = call.params
    const { stream, starting_after: after } = parseRetrieveQuery(call.query)
    const { tenant } = call.principal
    if (!stream) return json(await getResponse(responder, tenant, id))
    return { kind: 'stream', open: await streamResponse(responder, tenant, id, after ?? -1) }
  }

  /** A handler of one stored thing. */
  const one =
    (handle: (tenant: string, id: string, call: Call) => Promise<object>) =>
    async (call: Call): Promise<Reply> =>
      json(await handle(call.principal.tenant, call.params.id ?? '', call))

  return [
    { method: 'POST', path: '/responses', handle: create },
    {
      method: 'POST',
      path: '/responses/compact',
      handle: one(async (tenant, _id, call) => {
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
      handle: one(async (tenant, _id, call) =>
        countInputTokens(responder, tenant, parseInputTokens(await call.json()) as ResponseRequest),
      ),
    },
    { method: 'GET', path: '/responses/:id', handle: retrieve },
    {
      method: 'DELETE',
      path: '/responses/:id',
      handle: one((tenant, id) => deleteResponse(responder, tenant, id)),
    },
    {
      method: 'POST',
      path: '/responses/:id/cancel',
      handle: one((tenant, id) => cancelResponse(responder, tenant, id)),
    },
    {
      method: 'GET',
      path: '/responses/:id/input_items',
      handle: one((tenant, id, call) => listInputItems(responder, tenant, id, parseListQuery(call.query))),
    },
    {
      method: 'POST',
      path: '/conversations',
      handle: one(async (tenant, _id, call) =>
        conversations.createConversation(responder, tenant, parseConversation(await call.json())),
      ),
    },
    {
      method: 'GET',
      path: '/conversations/:id',
      handle: one((tenant, id) => conversations.getConversation(responder, tenant, id)),
    },
    {
      method: 'POST',
      path: '/conversations/:id',
      handle: one(async (tenant, id, call) =>
        conversations.updateConversation(
          responder,
          tenant,
          id,
          parseConversationUpdate(await call.json()).metadata,
        ),
      ),
    },
    {
      method: 'DELETE',
      path: '/conversations/:id',
      handle: one((tenant, id) => conversations.deleteConversation(responder, tenant, id)),
    },
    {
      method: 'POST',
      path: '/conversations/:id/items',
      handle: one(async (tenant, id, call) =>
        conversations.addItems(responder, tenant, id, parseConversationItems(await call.json()).items),
      ),
    },
    {
      method: 'GET',
      path: '/conversations/:id/items',
      handle: one((tenant, id, call) =>
        conversations.listItems(responder, tenant, id, parseListQuery(call.query)),
      ),
    },
    {
      method: 'GET',
      path: '/conversations/:id/items/:itemId',
      handle: one((tenant, id, call) =>
        conversations.getItem(responder, tenant, id, call.params.itemId ?? ''),
      ),
    },
    {
      method: 'DELETE',
      path: '/conversations/:id/items/:itemId',
      handle: one((tenant, id, call) =>
        conversations.deleteItem(responder, tenant, id, call.params.itemId ?? ''),
      ),
    },
    {
      method: 'GET',
      path: '/models',
      handle: async () => json({ object: 'list', data: modelsOf(responder) }),
    },
    {
      method: 'GET',
      path: '/models/:id',
      handle: one(async (_tenant, id) => {
        upstreamFor(responder, id)
        return modelOf(id)
      }),
    },
    { method: 'GET', path: '/capabilities', handle: async () => json(capabilitiesOf(responder)) },
    { method: 'GET', path: '/health', isPublic: true, handle: async () => json({ status: 'ok' }) },
  ]
}

const STARTED = Math.floor(Date.now() / 1_000)

const modelOf = (id: string): object => ({ id, object: 'model', created: STARTED, owned_by: 'antiphon' })

const modelsOf = ({ upstreams }: Responder): object[] => [...upstreams.keys()].map(modelOf)

/** What is refused, by model, so that a client can know before it asks. */
const capabilitiesOf = ({ upstreams, options }: Responder): object => ({
  object: 'capabilities',
  lenient: options.lenient,
  models: Object.fromEntries(
    [...upstreams].map(([name, { refuses, compact }]) => [
      name,
      { refuses: refuses ?? {}, compact: compact === undefined ? 'summary' : 'upstream' },
    ]),
  ),
  state: ['store', 'previous_response_id', 'conversation', 'background', 'idempotency_key'],
  endpoints: ['responses', 'conversations', 'models'],
})
