import { JournalError } from '../errors/journal-error.ts'
import { type Difference, describeDifference } from './first-difference.ts'
import type { EndValue, LogRecord, NewRecord } from './log-record.ts'
import { runRefusals } from './run-refusals.ts'
import type { OpenRun } from './run-store.ts'

/** How a log is replayed. */
export interface LogOptions {
  /** Also the order in which a turn asks for its calls must be the recorded one, and every request. */
  readonly strict?: boolean
  /** How long somebody may take to decide about a call. Undefined for ever. */
  readonly decideWithinMs?: number
  /** Called once, when the last record has been taken, or before the first step that is not in the log. `turn` is the first one without a record. */
  onLive?(turn: number): void
  /** Called when a run goes on that the log says was cancelled. */
  onCancelled?(message: string): void
  /** Resolves when all that was told so far is written; undefined when it is. Nothing is recorded before, so that whoever follows misses nothing of a recorded step. */
  beforeRecord?(): Promise<void> | undefined
}

/** What all journals of one log share: its records by key, and whether everything so far was in it. */
export class OpenLog {
  replaying: boolean
  /** The run has failed. */
  failed = false
  readonly options: LogOptions
  /** The last recorded turn of each scope. */
  readonly #lastTurn = new Map<string, number>()
  /** Keys of the calls that each turn had when the log was opened. */
  readonly #calls = new Map<string, string[]>()
  readonly #records = new Map<string, LogRecord | NewRecord>()
  readonly #open: OpenRun
  readonly #lastSeq: number
  readonly #ended: EndValue | undefined
  /** Why the run was cancelled, when it was. */
  #cancelled: string | undefined
  /** Steps on their way. */
  #steps = 0
  #onIdle: (() => void) | undefined
  #closed = false

  constructor(open: OpenRun, options: LogOptions) {
    this.#open = open
    this.options = options
    for (const record of open.records) {
      this.#keep(record)
      if (record.kind === 'tool') this.#keepCall(record.key)
    }
    this.#lastSeq = open.records.length
    // The record `run` is there from the beginning.
    this.replaying = open.records.length > 1
    this.#ended = this.get('end')?.value as EndValue | undefined
    if (this.#ended?.stop.reason === 'cancelled') this.#cancelled = this.#ended.stop.message
  }

  get(key: string): LogRecord | undefined {
    return this.#records.get(key) as LogRecord | undefined
  }

  /** How the run ended, when it had. */
  get ended(): EndValue | undefined {
    return this.#ended
  }

  lastTurn(scope: string): number {
    return this.#lastTurn.get(scope) ?? -1
  }

  /** Keys of the calls that were recorded for a turn when the log was opened. */
  callsOf(scope: string, turn: number): readonly string[] {
    return this.#calls.get(`${scope}t${turn}`) ?? []
  }

  /** What a recorded step leads to at once has been done. What comes after the last one is told: it may never have been. */
  passed(record: LogRecord): void {
    if (record.seq === this.#lastSeq) this.#live()
  }

  /**
   * A step is about to be made that the log does not have.
   *
   * @throws JournalError `run_cancelled`; `nondeterministic` when the run had ended where it goes on.
   */
  goLive(key: string): void {
    this.checkCancelled()
    if (this.#ended !== undefined) throw diverged(key, 'the run had ended where this code goes on')
    this.#live()
  }

  #live(): void {
    if (!this.replaying || this.#cancelled !== undefined) return
    this.replaying = false
    this.options.onLive?.(this.lastTurn('') + 1)
  }

  /** The run was cancelled: at once, or where its log ends. */
  cancel(message: string): void {
    this.#cancelled ??= message
    if (!this.replaying) this.options.onCancelled?.(message)
  }

  /** @throws JournalError `run_cancelled` when the run goes no further than its log. */
  checkCancelled(): void {
    if (this.#cancelled === undefined) return
    this.options.onCancelled?.(this.#cancelled)
    throw runRefusals.cancelled(this.#open.runId, this.#cancelled)
  }

  async append(record: NewRecord): Promise<void> {
    const told = this.options.beforeRecord?.()
    if (told !== undefined) await told
    if (this.#closed) throw runRefusals.taken(this.#open.runId)
    await this.#open.append(record)
    this.#keep(record)
  }

  /** A step has begun. */
  begin(): void {
    this.#steps++
  }

  /** A step is over. */
  finish(): void {
    if (--this.#steps === 0) this.#onIdle?.()
  }

  /** Records how the run ended, after all steps on their way; nothing can be recorded after it. */
  async end(value: EndValue): Promise<void> {
    if (this.#steps > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    await this.append({ key: 'end', kind: 'end', at: Date.now(), value })
    this.#closed = true
  }

  #keep(record: NewRecord): void {
    this.#records.set(record.key, record)
    if (record.kind !== 'model') return
    const key = record.key.slice(0, -'/model'.length)
    const scope = key.slice(0, key.lastIndexOf('/') + 1)
    this.#lastTurn.set(scope, Math.max(this.lastTurn(scope), turnOf(key.slice(scope.length))))
  }

  #keepCall(key: string): void {
    // The id of a call may hold slashes, but it holds no `/tool/`, or its own turn is looked up in vain.
    const turn = key.slice(0, key.lastIndexOf('/tool/'))
    const calls = this.#calls.get(turn)
    if (calls === undefined) this.#calls.set(turn, [key])
    else calls.push(key)
  }
}

/** The turn in a key such as `t12/model`. */
export const turnOf = (key: string): number => Number.parseInt(key.slice(1), 10)

/** The code does not do what the log says. */
export const diverged = (key: string, how: string, difference?: Difference): JournalError =>
  new JournalError(
    'nondeterministic',
    `The run does not go the way its log says, at ${key}: ${how}. Either the agent was changed since, or something between two steps depends on time, chance or the environment. Resume it with the code that started it, or start a new run from its history.${difference === undefined ? '' : `\n${describeDifference(difference)}`}`,
    { key, ...(difference === undefined ? {} : { path: difference.path }) },
  )
