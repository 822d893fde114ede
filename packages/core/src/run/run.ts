import { AntiphonError, type InputItem } from '@antiphon/client'
import { settle } from '../calls/finish.ts'
import { abortRun, stopCalls } from '../calls/stopping.ts'
import type { TurnCalls } from '../calls/turn-calls.ts'
import type { RunContext } from '../context/run-context.ts'
import { errorText, toError } from '../errors/error-text.ts'
import { JournalError } from '../errors/journal-error.ts'
import type { RunEvent } from '../events/events.ts'
import type { Stop } from '../events/stop.ts'
import type { StateStart } from '../journal/log-record.ts'
import type { RunStore } from '../journal/run-store.ts'
import { saveState } from '../state/save.ts'
import { type JoinedSession, joinSession } from './join-session.ts'
import { type KeptRun, keepRun } from './keep-run.ts'
import { type Ending, runLoop } from './loop.ts'
import { onAbort } from './on-abort.ts'
import { annotationsOf, closeTools, openTools } from './open-tools.ts'
import type { RunResult } from './result.ts'
import { RunError } from './run-error.ts'
import { type RunInput, toItems } from './run-input.ts'

/** The events of a run by their names; `event` is every one of them. */
export type RunListener<Name extends string> = (
  event: Name extends 'event' ? RunEvent : Extract<RunEvent, { type: Name }>,
) => void

/** Longest delay setTimeout takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * One run of an agent: its events while it goes, its result when it is over.
 *
 * It starts in the microtask after it was made, so listeners and iterators attached at once see every event. Any number of consumers may follow;
 * none of them is waited for.
 */
export class Run<Output = string> implements AsyncIterable<RunEvent> {
  readonly id: string
  readonly #run: RunContext
  readonly #result: Promise<RunResult<Output>>

  /** Use `agent.run()`. */
  constructor(run: RunContext, beginning: Beginning) {
    this.id = run.runId
    this.#run = run
    this.#result = Promise.resolve().then(() => drive<Output>(run, beginning))
    // Who only follows the events learns of a failure there; the rejection must not end the process.
    this.#result.catch(() => undefined)
  }

  /**
   * What the run leaves behind, once it is over. Resolves also at limits, on cancel and when calls wait (see `stop`).
   *
   * @throws RunError when the model call failed for good, a hook threw, the output never matched its schema, or `onLimit: 'throw'`; it carries the partial result.
   */
  result(): Promise<RunResult<Output>> {
    return this.#result
  }

  /** Every event from now on; ends after `run.ended`, with the error of a failed run thrown. Leaving the loop does not stop the run. */
  [Symbol.asyncIterator](): AsyncIterableIterator<RunEvent> {
    return this.#run.fanOut.iterator()
  }

  /** Calls `listener` for each event of that name; `'event'` for all. A listener that throws is reported as a `warning` and changes nothing. */
  on<Name extends RunEvent['type'] | 'event'>(name: Name, listener: RunListener<Name>): this {
    this.#run.fanOut.on(name, listener as (event: RunEvent) => void, false)
    return this
  }

  /** Like `on`, for the next event of that name only. */
  once<Name extends RunEvent['type'] | 'event'>(name: Name, listener: RunListener<Name>): this {
    this.#run.fanOut.on(name, listener as (event: RunEvent) => void, true)
    return this
  }

  /** Takes a listener away. */
  off<Name extends RunEvent['type'] | 'event'>(name: Name, listener: RunListener<Name>): this {
    this.#run.fanOut.off(name, listener as (event: RunEvent) => void)
    return this
  }

  /** Adds input before the next model call, also in the middle of a run. False when no further one will be made: the run is over, or gives its last answer. */
  steer(input: RunInput): boolean {
    if (this.#isClosed()) return false
    this.#run.steering.push(...toItems(input))
    return true
  }

  /** Adds input when the model would otherwise be done. False when the run is over. */
  followUp(input: RunInput): boolean {
    if (this.#isClosed()) return false
    this.#run.followUps.push(...toItems(input))
    return true
  }

  #isClosed(): boolean {
    const { ended, closed, aborted } = this.#run
    return ended || closed || aborted !== undefined
  }

  /** Stops the run: the model call is cut, every call gets the output "aborted". The result has `stop.reason` `cancelled`. */
  cancel(reason = 'the run was cancelled'): void {
    abortRun(this.#run, errorText(reason))
  }

  /** Stops one call; the model is told, and the run goes on. False when the call is not on its way. */
  cancelCall(callId: string, reason = 'cancelled by the user'): boolean {
    for (const call of this.#run.active) {
      if (call.callId !== callId) continue
      const text = errorText(reason)
      settle(this.#run, call, { outcome: 'aborted', text: `Aborted: ${text}` })
      call.context?.abort(new AntiphonError('aborted', text))
      return true
    }
    return false
  }

  /** Ends every iteration over this object, at once; the run goes on, and `result()` still tells how it ended. To stop it, use `cancel`. */
  detach(): void {
    this.#run.fanOut.detach()
  }

  /** Cancels the run when its scope is left, and waits until it is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel('its scope was left')
    await this.#result.then(
      () => undefined,
      () => undefined,
    )
  }
}

/** How a run begins. */
export interface Beginning {
  /** The calls of an earlier process that have been decided by now. */
  readonly resume?: () => TurnCalls
  /** What a kept run is given, where it is new. */
  readonly input?: readonly InputItem[]
  /** The state that a kept run begins from, where it is new; `input` is its history. */
  readonly from?: StateStart
  /** Makes `resume` of the state that a kept run began from. */
  readonly takeUp?: (from: StateStart) => () => TurnCalls
  /** What is recorded before a kept run is opened: decisions about its calls. */
  readonly decide?: (store: RunStore) => Promise<void>
}

/** Runs the loop to its end and makes the result; the one place where a run ends. */
const drive = async <Output>(run: RunContext, beginning: Beginning): Promise<RunResult<Output>> => {
  const { signal } = run.options
  const abort = (): void => abortRun(run, reasonOf(signal))
  if (signal?.aborted) abort()
  const letGo = signal === undefined || signal.aborted ? undefined : onAbort(signal, abort)
  const deadline = startDeadline(run)
  const { store } = run.options
  let kept: KeptRun | undefined
  let { resume } = beginning
  let joined: JoinedSession | undefined
  let ending: Ending
  let failure: { error: unknown } | undefined
  try {
    if (store !== undefined) {
      await beginning.decide?.(store)
      kept = await keepRun(run, store, beginning)
      if (kept.from !== undefined) resume ??= beginning.takeUp?.(kept.from)
    }
    run.emit({ type: 'run.started', runId: run.runId, agent: run.agent.name })
    if (run.options.session !== undefined || kept !== undefined)
      joined = await joinSession(run, resume !== undefined)
    if (run.agent.builtIns !== undefined || run.agent.hostedBuiltIns !== undefined) await openTools(run)
    ending = await runLoop(run, resume?.())
    run.check()
    if (joined !== undefined && ending.stop.reason !== 'approval') await joined.add()
    await kept?.end(ending.stop, ending.text)
  } catch (thrown) {
    const error = toError(thrown)
    // Not recorded any more: it was cancelled elsewhere.
    if (run.failure === undefined && isCancelled(error)) abortRun(run, error.message)
    failure = run.failure ?? (run.aborted === undefined ? { error } : undefined)
    const stop: Stop =
      failure === undefined
        ? { reason: 'cancelled', message: run.aborted?.message ?? '' }
        : { reason: 'error', code: codeOf(failure.error), message: errorText(failure.error) }
    run.open?.join(`Not executed: ${errorText(failure?.error ?? run.aborted)}`)
    ending = { stop, text: '', output: undefined }
    // A kept run that failed can be resumed, and adds its items then.
    if (failure === undefined || kept === undefined)
      await joined?.add().catch((thrown: unknown) => run.warn('session_failed', errorText(thrown)))
    if (failure === undefined)
      await kept?.end(stop, '').catch((thrown: unknown) => run.warn('not_recorded', errorText(thrown)))
  } finally {
    letGo?.()
    clearTimeout(deadline)
    if (run.builtIns !== undefined) await closeTools(run)
    await joined?.release().catch((thrown: unknown) => run.warn('session_failed', errorText(thrown)))
  }
  const result = makeResult<Output>(run, ending)
  run.ended = true
  run.fanOut.emit({ type: 'run.ended', runId: run.runId, stop: ending.stop, usage: run.usage })
  const error =
    failure === undefined
      ? undefined
      : new RunError(failure.error, `turn ${run.turn + 1} of agent "${run.agent.name}"`, result)
  run.fanOut.end(error)
  // What cannot be written any more was written last by whoever has the run now.
  await kept?.close(ending.stop).catch(() => undefined)
  if (error !== undefined) throw error
  return result
}

const makeResult = <Output>(run: RunContext, ending: Ending): RunResult<Output> => {
  const items = run.history.items
  return {
    text: ending.text,
    output: ending.output as Output,
    items: items.slice(run.start),
    toolItems: run.toolItems.slice(),
    annotations: run.builtIns === undefined ? [] : annotationsOf(run, ending.text),
    history: items.slice(),
    usage: { ...run.usage },
    costUsd: run.costUsd,
    stop: ending.stop,
    turns: run.turn,
    toolCalls: run.purse.spent.toolCalls,
    agent: run.agent.name,
    response: run.response,
    ...(run.partial === undefined ? {} : { partial: run.partial }),
    ...(ending.waiting === undefined ? {} : { state: saveState(run, ending.waiting) }),
    warnings: run.warnings,
    runId: run.runId,
  }
}

/** At the deadline running tools are stopped and get an output that says so; a model call in flight may finish. */
const startDeadline = (run: RunContext): ReturnType<typeof setTimeout> | undefined => {
  const leftMs = run.purse.remainingMs()
  if (leftMs === undefined || leftMs > MAX_TIMER_MS) return undefined
  const timer = setTimeout(
    () => {
      run.limitHit ??= run.purse.durationHit() ?? {
        limit: 'durationMs',
        used: Math.round(run.purse.durationMs()),
        max: run.purse.limits.durationMs ?? 0,
      }
      stopCalls(run, 'limit', `Stopped: limit durationMs reached (${run.limitHit.max} ms).`)
    },
    Math.max(0, leftMs),
  )
  return timer
}

const reasonOf = (signal: AbortSignal | undefined): string => {
  const reason: unknown = signal?.reason
  return reason instanceof Error
    ? reason.message
    : typeof reason === 'string'
      ? reason
      : 'the signal was aborted'
}

const isCancelled = (error: Error): boolean => error instanceof JournalError && error.code === 'run_cancelled'

const codeOf = (error: unknown): string => (error instanceof AntiphonError ? error.code : 'run_failed')
