import { truncatedStream } from './accumulate/stream-failure.ts'
import { AntiphonError, isAntiphonError } from './errors.ts'
import type { ErrorEvent, ResponseEvent } from './protocol/events.ts'
import type { Response } from './protocol/response.ts'
import { isTerminalEvent } from './protocol/terminal-event.ts'
import type { ResponseSink } from './request-options.ts'
import type { Receiver } from './send/attempt-plan.ts'
import type { Call } from './send/call.ts'
import type { Settle } from './send/sending.ts'
import type { Sender } from './send.ts'

// `response.failed` may follow an `error` event; servers that send none may leave the connection open.
const afterErrorMs = 2_000

/**
 * Sends one call and pushes the events of its answer into the sink, without folding or keeping them.
 *
 * Resolves after the terminal event, or with the response itself when the server answers in JSON instead.
 * Rejects with `stream_truncated` when the stream ended without a terminal event, and with the server's error when an `error`
 * event came and no terminal event after it.
 */
export function pushEvents(sender: Sender, call: Call, sink: ResponseSink): Promise<Response | undefined> {
  return new Promise((resolve, reject) => sender.send(call, new Pusher(sender, sink, resolve, reject)))
}

// A class, not closures: its methods live as long as the module, so that code optimised for them survives the stream.
class Pusher implements Receiver, Settle {
  readonly #sender: Sender
  readonly #sink: ResponseSink
  readonly #resolve: (whole: Response | undefined) => void
  readonly #reject: (error: unknown) => void
  #ended = false
  #failure: ErrorEvent | undefined
  #whole: Response | undefined
  #patience: ReturnType<typeof setTimeout> | undefined

  constructor(
    sender: Sender,
    sink: ResponseSink,
    resolve: (whole: Response | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.#sender = sender
    this.#sink = sink
    this.#resolve = resolve
    this.#reject = reject
  }

  onEvent(raw: Record<string, unknown>, end: () => void): void {
    const event = raw as unknown as ResponseEvent
    const sink = this.#sink
    sink(event)
    if (event.type === 'error') {
      this.#failure = event
      this.#patience ??= setTimeout(end, afterErrorMs)
    } else if (isTerminalEvent(event)) {
      this.#ended = true
      end()
    }
  }

  onJson(body: unknown): void {
    if (body !== undefined) this.#whole = checkedResponse(body)
  }

  resolve(): void {
    if (this.#patience !== undefined) clearTimeout(this.#patience)
    if (this.#ended || this.#whole) this.#resolve(this.#whole)
    else this.#reject(this.#failure ? this.#sender.errorOf(this.#failure) : truncatedStream())
  }

  reject(error: unknown): void {
    // The `error` event is the reason of a loss that follows it.
    if (this.#failure !== undefined && isLoss(error)) return this.resolve()
    if (this.#patience !== undefined) clearTimeout(this.#patience)
    this.#reject(error)
  }
}

/**
 * A response as it came: an endpoint of another kind answers in JSON, too; taken for a response, it would be an empty one.
 *
 * @throws AntiphonError `invalid_answer` for what has neither `output` nor `status`.
 */
export const checkedResponse = (body: unknown): Response => {
  if (typeof body === 'object' && body !== null && ('output' in body || 'status' in body))
    return body as Response
  throw noResponse()
}

const noResponse = (): AntiphonError<'invalid_answer'> =>
  new AntiphonError(
    'invalid_answer',
    'The answer is JSON, but no response: it has neither `output` nor `status`. Check that `baseURL` belongs to an endpoint with /responses.',
  )

const isLoss = (error: unknown): boolean =>
  isAntiphonError(error) && (error.code === 'stream_cut' || error.code === 'idle_timeout')
