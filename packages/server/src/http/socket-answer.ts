import type { Principal } from '../tenants/principal.ts'
import type { ResponseReply } from './reply.ts'

/** One WebSocket connection. The same object for all of its requests, so what belongs to the connection may be kept by it, in a WeakMap. */
export interface SocketConnection {
  /** Id of the request that opened it. */
  readonly id: string
  readonly principal: Principal
  /** Of the request that opened it; only read. */
  readonly headers: Headers
}

/** What one request over a WebSocket has beside its fields. */
export interface SocketCall {
  readonly connection: SocketConnection
  /** Aborted when the connection is lost. */
  readonly signal: AbortSignal
}

/**
 * Answers the fields of one `response.create`, without `type` and `stream_id`. The frames of a stream go out as JSON texts, without comments and `[DONE]`; a thrown error, and
 * a JSON reply with a status of 400 or more, becomes an error frame.
 */
export type SocketAnswer = (
  request: Readonly<Record<string, unknown>>,
  call: SocketCall,
) => Promise<ResponseReply>
