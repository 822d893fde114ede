import type { InputItem } from '@antiphon/client'
import type { SocketAnswer, SocketConnection } from '../http/socket-answer.ts'
import { unsupportedParameter } from '../request/parameter-refusals.ts'
import type { Limiter } from '../tenants/limits.ts'
import { answerCreate } from './answer-create.ts'
import type { Responder } from './responder.ts'
import type { Outcome } from './run-response.ts'

/** Responses that a connection remembers which are not stored. */
const MAX_LOCAL = 16

/** Fields of the transport, which a WebSocket has no use for. */
const TRANSPORT = ['stream', 'stream_options'] as const

/**
 * Answers requests that come over a WebSocket: as streams, with a memory of the connection's own for responses that are not stored. A turn that fails forgets what it went on
 * from: the client begins anew with the whole history.
 */
export const answerSocket = (open: () => Promise<Responder>, limiter: Limiter): SocketAnswer => {
  const memories = new WeakMap<SocketConnection, Map<string, { readonly items: readonly InputItem[] }>>()
  return async (fields, { connection, signal }) => {
    const { generate, ...body } = { ...fields } as Record<string, unknown>
    for (const name of TRANSPORT) delete body[name]
    if (body.background === true)
      throw unsupportedParameter('background', 'A WebSocket carries the answer itself. Ask over HTTP.')
    let local = memories.get(connection)
    if (local === undefined) {
      local = new Map()
      memories.set(connection, local)
    }
    const remembered = local
    const forget = (): void => {
      if (typeof body.previous_response_id === 'string') remembered.delete(body.previous_response_id)
    }
    const responder = await open()
    try {
      return await answerCreate(generate === false ? warmUp(responder) : responder, limiter, {
        body: { ...body, stream: true },
        principal: connection.principal,
        headers: new Headers(),
        signal,
        warn: () => undefined,
        local,
        onEnded({ response, items }: Outcome) {
          if (response.status === 'failed') return forget()
          remembered.set(response.id, { items })
          for (const oldest of remembered.keys()) {
            if (remembered.size <= MAX_LOCAL) return
            remembered.delete(oldest)
          }
        },
      })
    } catch (error) {
      forget()
      throw error
    }
  }
}

/** Nothing is generated: the input is taken in, and there is an id to go on from. */
const warmUp = (responder: Responder): Responder => {
  const silent = (upstream: Responder['fallback']): Responder['fallback'] => ({
    ...upstream,
    answer: async (_request, sink) =>
      sink({ type: 'response.completed', response: { status: 'completed', output: [] } } as never),
  })
  return {
    ...responder,
    fallback: silent(responder.fallback),
    upstreams: new Map([...responder.upstreams].map(([name, upstream]) => [name, silent(upstream)])),
  }
}
