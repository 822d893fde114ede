import { ServeError } from '../request/serve-error.ts'
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts'
import { endWithError, tellable } from './error-reply.ts'
import { type HttpOptions, LOCAL, type RequestFacts } from './http-options.ts'
import {
  bodyTooLarge,
  checkBodyHeaders,
  DEFAULT_BODY_LIMIT_BYTES,
  DEFAULT_UPLOAD_LIMIT_BYTES,
  emptyBody,
  parseBody,
} from './read-body.ts'
import type { Call, FrameSink, Reply } from './reply.ts'
import { createRouter, tidyBasePath } from './router.ts'

/** A request, however it came. */
export interface Incoming {
  readonly method: string
  /** As it was sent, without the query. */
  readonly path: string
  readonly search: string
  readonly headers: Headers
  /** Reads the body; throws a 413 `ServeError` as soon as it is over the limit. */
  read(limitBytes: number): Promise<Uint8Array>
  /** Gives the body as it comes; throws a 413 `ServeError` as soon as it is over the limit. */
  pieces(limitBytes: number): AsyncIterable<Uint8Array>
  /** Asked for by the first who wants to know. */
  readonly signal: AbortSignal
}

/** What goes back. Its headers are in lower case. */
export type Outgoing =
  | {
      readonly kind: 'full'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string | undefined
    }
  | {
      readonly kind: 'content'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly content: Uint8Array | AsyncIterable<Uint8Array>
    }
  | {
      readonly kind: 'stream'
      readonly headers: Readonly<Record<string, string>>
      /** Begins to write; never throws. */
      open(sink: OpenedSink): void
    }

/** A sink that also says when it is over. */
interface OpenedSink extends FrameSink {
  onOver(fn: () => void): void
}

/** Answers any request; never rejects. */
export type Answer = (incoming: Incoming) => Promise<Outgoing>

const SANE_ID = /^[\w.:-]{1,128}$/
const MAX_WARNING = 1000

/** The id of a request: the client's own when it is sane, else a new one. */
export const requestIdOf = (headers: Headers): string => {
  const given = headers.get('x-request-id')
  return given !== null && SANE_ID.test(given) ? given : `req_${crypto.randomUUID().replaceAll('-', '')}`
}

/** Puts routes, keys and limits together to what answers a request. `guard` throws for requests that nobody may send. */
export const createAnswer = (options: HttpOptions, guard?: (headers: Headers) => void): Answer => {
  const router = createRouter(options.routes, options.basePath)
  const socketPath = `${tidyBasePath(options.basePath ?? '/v1')}/responses`
  const limitBytes = options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES
  const uploadBytes = options.uploadLimitBytes ?? DEFAULT_UPLOAD_LIMIT_BYTES

  const reply = async (incoming: Incoming, warn: (text: string) => void): Promise<Reply> => {
    const { method, path, search, headers } = incoming
    if (isPreflight(method, headers, options))
      return {
        kind: 'json',
        status: 204,
        body: undefined,
        headers: preflightHeaders(headers, router.methods(path)),
      }
    guard?.(headers)
    if (headers.get('upgrade')?.toLowerCase() === 'websocket' && path.replace(/\/$/, '') === socketPath)
      throw noWebSocket()
    const { route, params } = router.match(method, path)
    const principal = route.isPublic === true ? LOCAL : ((await options.authenticate?.(headers)) ?? LOCAL)
    let body: Promise<unknown> | undefined
    const readJson = async (): Promise<unknown> => {
      checkBodyHeaders(headers, limitBytes)
      return parseBody(await incoming.read(limitBytes), options)
    }
    const call: Call = {
      method,
      path,
      query: new URLSearchParams(search),
      headers,
      params,
      principal,
      get signal() {
        return incoming.signal
      },
      warn,
      body: () => {
        if (Number(headers.get('content-length') ?? 0) > uploadBytes) throw bodyTooLarge(uploadBytes)
        return incoming.pieces(uploadBytes)
      },
      json: async ({ isOptional = false } = {}) => {
        body ??= readJson()
        const value = await body
        if (value === undefined && !isOptional) throw emptyBody()
        return value
      },
    }
    return route.handle(call)
  }

  return async (incoming) => {
    const beganAt = performance.now()
    const requestId = requestIdOf(incoming.headers)
    const facts: RequestFacts = { requestId, method: incoming.method, path: incoming.path }
    const fixed = { 'x-request-id': requestId, ...corsHeaders(incoming.headers, options) }
    const warnings: string[] = []
    const refuse = (error: unknown): ServeError => {
      // A client that has gone is no failure of the server.
      if (!(error instanceof ServeError) && !incoming.signal.aborted) report(options, error, facts)
      return tellable(error, requestId)
    }
    const headersOf = (own: Readonly<Record<string, string>> | undefined): Record<string, string> => {
      const headers: Record<string, string> = {}
      for (const [name, value] of Object.entries(own ?? {})) headers[name.toLowerCase()] = headerText(value)
      Object.assign(headers, fixed)
      if (warnings.length > 0)
        headers['x-antiphon-warning'] = headerText(warnings.join('; ')).slice(0, MAX_WARNING)
      if (options.tellsTime === true)
        headers['openai-processing-ms'] = String(Math.ceil(performance.now() - beganAt))
      return headers
    }
    try {
      const given = await reply(incoming, (text) => {
        warnings.push(text)
        options.onWarning?.(text, facts)
      })
      if (given.kind === 'json') return full(given.status, headersOf(given.headers), given.body)
      if (given.kind === 'content') return { ...given, headers: headersOf(given.headers) }
      return {
        kind: 'stream',
        headers: {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache',
          // Some proxies hold back what they could send.
          'x-accel-buffering': 'no',
          ...headersOf(given.headers),
        },
        open: (sink) => {
          try {
            const over = given.open(sink)
            if (typeof over === 'function') sink.onOver(over)
          } catch (error) {
            endWithError(sink, refuse(error))
          }
        },
      }
    } catch (error) {
      const told = refuse(error)
      return full(told.status, headersOf(told.headers), told.body)
    }
  }
}

/** Tells the hook of an error. A hook that throws changes nothing. */
export const report = ({ onError }: HttpOptions, error: unknown, facts: RequestFacts): void => {
  try {
    onError?.(error, facts)
  } catch {
    // There is nobody left to tell.
  }
}

const full = (status: number, headers: Record<string, string>, body: unknown): Outgoing =>
  body === undefined
    ? { kind: 'full', status, headers, body }
    : {
        kind: 'full',
        status,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }

/** Nothing that ends a header before its time. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')

const noWebSocket = (): ServeError =>
  new ServeError(426, {
    message: 'WebSocket mode is not offered here. Send POST with `stream: true` for a stream of events.',
    type: 'invalid_request_error',
    code: 'websocket_not_supported',
  })
