import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AntiphonError } from '@antiphon/client'
import { createItemIds } from './item-ids.ts'
import { replyWriter } from './reply-writer.ts'
import { stepAt } from './scripted.ts'
import { errorBody, sendBody } from './send-reply.ts'
import { storedResponses } from './stored-responses.ts'
import type { UpstreamAnswer, UpstreamFaults, UpstreamRequest } from './upstream-reply.ts'
import { routeRequest } from './upstream-routes.ts'

/** What a fake upstream answers, and its bounds. */
export interface FakeUpstreamOptions {
  /**
   * One answer per `POST /responses` or `/chat/completions`, or a function for all of them. When a list is used up,
   * the answer is a 400 with code `script_exhausted`. @defaultValue a short text, always
   */
  answers?: readonly UpstreamAnswer[] | UpstreamAnswer
  /**
   * Faults of every request, whatever its path; a function decides per request, `n` counting from 0. A fault that
   * replaces the answer (`status`, `body`, `never`, `resetConnection`) does not use one up.
   */
  faults?: UpstreamFaults | ((request: UpstreamRequest, n: number) => UpstreamFaults | undefined)
  /** Demands `Authorization: Bearer …` with this key, else 401. */
  apiKey?: string
  /** Refuses a `previous_response_id` it did not give out. @defaultValue false */
  checkState?: boolean
  /** So many retrievals find a background response unfinished. @defaultValue 1 */
  backgroundPolls?: number
  /** No answer stays open longer, in ms. @defaultValue 30,000 */
  maxOpenMs?: number
}

/** A Responses and Chat Completions server on a port of 127.0.0.1. */
export interface FakeUpstream extends AsyncDisposable {
  /** Base URL, such as `http://127.0.0.1:40123/v1`. */
  readonly url: string
  /** Every request so far, in order of arrival. */
  readonly requests: UpstreamRequest[]
  /** Resolves once `n` requests came; rejects with code `collect_limit` after `timeoutMs` (default 10,000). */
  waitForRequests(n: number, timeoutMs?: number): Promise<UpstreamRequest[]>
  /** Connections that are open now. */
  connections(): Promise<number>
  /** Destroys all connections and stops listening; safe to call twice. */
  close(): Promise<void>
}

/** So much of a request is read. */
const MAX_BODY_BYTES = 256 * 1024 * 1024

const readText = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new AntiphonError('body_too_large', 'The request body is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const parsed = (text: string): UpstreamRequest['body'] => {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    // The raw text is on the record; a test sees there what was sent.
    return {}
  }
}

const requestOf = async (message: IncomingMessage): Promise<UpstreamRequest> => {
  const url = new URL(message.url ?? '/', 'http://127.0.0.1')
  const text = await readText(message)
  const { method = 'GET', headers } = message
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: parsed(text),
    text,
    outcome: 'open',
  }
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/**
 * Starts a real HTTP server that speaks `/v1/responses` (streamed and not, stored, resumed, cancelled, compacted) and
 * `/v1/chat/completions`, answers as told, records what it was asked, and fails on demand.
 *
 * Loopback only, on a free port. Close it with `close()` or `await using`.
 */
export const fakeUpstream = async (options: FakeUpstreamOptions = {}): Promise<FakeUpstream> => {
  const { answers = 'Hello from the fake upstream.', maxOpenMs = 30_000 } = options
  const requests: UpstreamRequest[] = []
  const waiting = new Set<() => void>()
  const stored = storedResponses(options.backgroundPolls ?? 1)
  const ids = createItemIds()
  let answered = 0
  const nextAnswer = async (request: UpstreamRequest) => {
    const n = answered++
    const answer = Array.isArray(answers) ? stepAt(answers as readonly UpstreamAnswer[], n) : answers
    return typeof answer === 'function'
      ? answer(request, n)
      : (answer as Exclude<typeof answer, readonly unknown[]>)
  }
  const faultsOf = (request: UpstreamRequest, n: number): UpstreamFaults =>
    (typeof options.faults === 'function' ? options.faults(request, n) : options.faults) ?? {}

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await requestOf(message)
    const n = requests.push(request) - 1
    for (const check of [...waiting]) check()
    try {
      const faults = faultsOf(request, n)
      const route = { ...options, request, response, faults, stored, ids, maxOpenMs, nextAnswer }
      await routeRequest(route)
    } catch (error) {
      // What a test's own function throws must not look like a server worth retrying.
      const { code = 'fake_upstream', message: reason } = error as { code?: string; message?: string }
      const writer = replyWriter(response, request, {}, maxOpenMs)
      if (response.headersSent) writer.cut()
      else await sendBody(writer, 400, errorBody(code, reason ?? String(error)))
    }
  }

  const server = createServer((message, response) => {
    handle(message, response).catch(() => response.destroy())
  })
  const port = await listen(server)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
    return closing
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    close,
    [Symbol.asyncDispose]: close,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      }),
    waitForRequests: (count, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (requests.length < count) return
          waiting.delete(check)
          clearTimeout(timer)
          resolve(requests)
        }
        const timer = setTimeout(() => {
          waiting.delete(check)
          const got = `${requests.length} of ${count} requests came within ${timeoutMs} ms.`
          reject(new AntiphonError('collect_limit', got))
        }, timeoutMs)
        waiting.add(check)
        check()
      }),
  }
}
