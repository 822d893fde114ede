import { isConnectTimeout, toConnectionError } from '../errors/connection-error.ts'
import { TimeoutError } from '../errors/timeout-error.ts'
import { bodyToApiError, type ErrorSource, requestIdOf, valueToApiError } from '../errors/to-api-error.ts'
import { AntiphonError } from '../errors.ts'
import { createSseDecoder, type SseDecoder } from '../sse/decode.ts'
import type { ResponseHeaders, TransportHandler } from '../transport/transport.ts'
import { type AttemptOwner, type AttemptPlan, describeCall, type Receiver } from './attempt-plan.ts'
import { type BodyReader, sniffedBody, wholeBody } from './body-reader.ts'
import { readJson } from './read-json.ts'
import { Stopwatch, type StopwatchOwner } from './stopwatch.ts'

type Phase = 'sent' | 'answering' | 'refused' | 'draining' | 'over'

const maxErrorBodyBytes = 64 * 1024
// An error whose body does not come is reported without it.
const errorBodyMs = 5_000
// After the terminal event the rest of the answer (a few bytes) is read, so that the connection can be used again: by the very next call, if the rest comes soon.
// A new connection would cost more than this wait.
const settleMs = 10
const drainMs = 1_000

/** One exchange, from its request to the end of its answer; may outlive its call while the rest is read quietly. */
export class Attempt implements TransportHandler, StopwatchOwner {
  private readonly plan: AttemptPlan
  private readonly receiver: Receiver
  private readonly owner: AttemptOwner
  private phase: Phase = 'sent'
  private handedOn = false
  private delivering = false
  private ended = false
  private reported = false
  private standingStill = false
  private status = 0
  private headers: ResponseHeaders | undefined
  private reader: BodyReader | undefined
  private closeExchange: ((reason: Error) => void) | undefined
  private readonly watch = new Stopwatch(this)
  private decoder: SseDecoder | undefined
  private readonly end = (): void => {
    this.ended = true
    if (!this.delivering && this.phase === 'answering') this.drain()
  }

  constructor(plan: AttemptPlan, receiver: Receiver, owner: AttemptOwner) {
    this.plan = plan
    this.receiver = receiver
    this.owner = owner
  }

  start(): void {
    this.watch.start(this.plan.timeouts.firstEventMs)
    this.closeExchange = this.plan.transport(this.plan.request, this)
  }

  /** Closes the connection; nothing is reported after that. */
  stop(reason: Error): void {
    this.phase = 'over'
    this.watch.stop()
    const { closeExchange } = this
    this.closeExchange = undefined
    closeExchange?.(reason)
  }

  onHeaders(status: number, headers: ResponseHeaders): void {
    if (this.phase !== 'sent') return
    this.status = status
    this.headers = headers
    if (status < 200 || status > 299) {
      this.phase = 'refused'
      this.watch.start(errorBodyMs)
      this.reader = wholeBody((body) => this.refuse(body), maxErrorBodyBytes)
      return
    }
    this.phase = 'answering'
    this.guard(() => {
      this.plan.call.onAnswer?.({ status, headers, requestId: requestIdOf(headers) })
      this.reader = this.chooseReader(headers.get('content-type')?.toLowerCase())
    })
  }

  onData(chunk: Uint8Array): void {
    if (this.standingStill) this.watch.touch()
    if (this.phase === 'refused') this.reader?.push(chunk)
    else if (this.phase === 'answering') this.push(chunk)
  }

  onEnd(): void {
    this.closeExchange = undefined
    if (this.phase === 'refused') this.reader?.end()
    else if (this.phase === 'answering') {
      this.guard(() => {
        this.reader?.end()
        if (this.phase === 'answering') this.endOfEvents()
      })
    } else if (this.phase === 'draining') this.finishQuietly()
  }

  onError(error: unknown): void {
    this.closeExchange = undefined
    if (this.phase === 'refused') this.reader?.end()
    else if (this.phase === 'draining') this.finishQuietly()
    else if (this.phase === 'answering') {
      // What came before the cut is read to its last whole event, which may be the terminal one.
      if (this.handedOn) this.guard(() => this.reader?.end())
      if (this.phase === 'answering') this.loseConnection(error, 'answer')
    } else if (isConnectTimeout(error)) {
      this.fail(new TimeoutError('connect_timeout', describeCall(this.plan), this.plan.timeouts.connectMs))
    } else this.loseConnection(error, 'request')
  }

  private chooseReader(contentType: string | undefined): BodyReader {
    if (this.receiver.onEvent && contentType?.startsWith('text/event-stream')) return this.eventReader()
    if (this.receiver.onEvent && !contentType?.includes('json')) {
      return sniffedBody((first) => (first === '{' || first === '<' ? this.jsonReader() : this.eventReader()))
    }
    return this.jsonReader()
  }

  private eventReader(): BodyReader {
    this.decoder = createSseDecoder(this)
    return this.decoder
  }

  /** An event of the answer, from the decoder. */
  onEvent(event: Record<string, unknown>): void {
    this.receive(event)
    if (this.phase !== 'answering') this.decoder?.stop()
  }

  private jsonReader(): BodyReader {
    this.watchIdle()
    return wholeBody((body) => this.receiveJson(body))
  }

  private receive(event: Record<string, unknown>): void {
    if (!this.handedOn) {
      if (event.type === 'error' && this.owner.mayRetry) {
        const error = valueToApiError(event, this.errorSource())
        if (error.retryable) {
          this.fail(error)
          return
        }
      }
      this.handOn()
      this.watchIdle()
    }
    this.delivering = true
    this.receiver.onEvent?.(event, this.end)
    this.delivering = false
    if (this.ended && this.phase === 'answering') this.drain()
  }

  private receiveJson(body: Uint8Array): void {
    const source = this.errorSource()
    const answer = readJson(body, this.headers?.get('content-type') ?? null, source)
    if (answer.kind === 'not JSON') this.fail(answer.error)
    else if (answer.kind === 'error object') this.fail(valueToApiError(answer.value, source))
    else if (answer.kind === 'nothing' && this.status !== 204 && this.plan.call.method !== 'DELETE')
      this.failEmpty()
    else {
      this.handOn()
      this.receiver.onJson(answer.kind === 'value' ? answer.value : undefined)
      this.succeed()
    }
  }

  private handOn(): void {
    this.handedOn = true
    this.owner.handingOn()
  }

  private endOfEvents(): void {
    // A stream that is taken up again may have nothing left to tell.
    if (this.handedOn || this.plan.call.method === 'GET') this.succeed()
    else this.failEmpty()
  }

  private failEmpty(): void {
    const message = `${describeCall(this.plan)} was answered with status ${this.status} and nothing else. If it stays so, check \`baseURL\` and the model.`
    this.fail(new AntiphonError('empty_answer', message, { retryable: true }))
  }

  private refuse(body: Uint8Array): void {
    this.fail(bodyToApiError(new TextDecoder().decode(body), this.errorSource(this.status)))
  }

  private loseConnection(error: unknown, stage: 'request' | 'answer'): void {
    this.fail(toConnectionError(error, this.plan.request.origin, stage, this.plan.redactor()))
  }

  private errorSource(status?: number): ErrorSource {
    const { plan, headers } = this
    return { describe: () => describeCall(plan), redactor: plan.redactor, status, headers }
  }

  private watchIdle(): void {
    this.standingStill = true
    this.watch.start(this.plan.timeouts.idleMs)
  }

  onExpired(limitMs: number): void {
    if (this.phase === 'draining') {
      if (this.reported) return this.stop(drained)
      this.reportSuccess()
      this.watch.start(drainMs)
    } else if (this.phase === 'refused') this.reader?.end()
    else {
      const code = this.standingStill ? 'idle_timeout' : 'first_event_timeout'
      this.fail(new TimeoutError(code, describeCall(this.plan), limitMs))
    }
  }

  private push(chunk: Uint8Array): void {
    try {
      this.reader?.push(chunk)
    } catch (error) {
      this.break(error)
    }
  }

  private guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.break(error)
    }
  }

  /** What the receiver throws ends the call: it is nobody else's error, and is not repeated. */
  private break(error: unknown): void {
    if (this.phase === 'over' || this.phase === 'draining') return
    this.stop(new Error('the receiver of the answer failed'))
    this.owner.broke(error)
  }

  private fail(error: AntiphonError): void {
    if (this.phase === 'over' || this.phase === 'draining') return
    this.stop(error)
    this.owner.failed(error)
  }

  private succeed(): void {
    this.phase = 'over'
    this.watch.stop()
    this.reportSuccess()
  }

  private reportSuccess(): void {
    if (this.reported) return
    this.reported = true
    this.owner.succeeded()
  }

  /** No further event is wanted: reads the rest quietly, and succeeds with its end or `settleMs` later. */
  private drain(): void {
    this.phase = 'draining'
    // The end of the body is mostly in the same read, and is told before this runs: no timer then.
    void soon.then(() => {
      if (this.phase === 'draining') this.watch.start(settleMs)
    })
  }

  /** Everything that is wanted has been received; the rest is over, one way or another. */
  private finishQuietly(): void {
    this.stop(drained)
    this.reportSuccess()
  }

  /** Whoever stops the call now has his answer already: the attempt has succeeded. Says whether that is so. */
  finishNow(): boolean {
    if (this.phase !== 'draining') return false
    this.finishQuietly()
    return true
  }
}

// A microtask; `queueMicrotask` costs ten times as much.
const soon = Promise.resolve()
const drained = new Error('the answer was read to its terminal event')
