import type { Decision, PendingCall } from '../approval.ts'
import { reject as rejectCall } from '../approval.ts'
import type { Journal, StepInfo, StepOptions } from './journal.ts'
import type { LogRecord, RecordKind, WaitValue } from './log-record.ts'
import { diverged, type OpenLog, turnOf } from './open-log.ts'

/** The journal of a run over its log: what is recorded is taken from a map, what is new is appended. */
export class LogJournal implements Journal {
  readonly #log: OpenLog
  readonly #prefix: string
  #turn = -1
  #order = 0
  /** Recorded calls of this turn that were asked for. */
  #asked: Set<string> | undefined

  private constructor(log: OpenLog, prefix: string) {
    this.#log = log
    this.#prefix = prefix
  }

  /** The journal of an opened run. */
  static over(log: OpenLog): LogJournal {
    return new LogJournal(log, '')
  }

  get replaying(): boolean {
    return this.#log.replaying
  }

  get failed(): boolean {
    return this.#log.failed
  }

  fail(): void {
    if (this.#prefix === '') this.#log.failed = true
  }

  get strict(): boolean {
    return this.#log.options.strict === true
  }

  recorded(key: string): LogRecord | undefined {
    return this.#log.get(this.#prefix + key)
  }

  scope(prefix: string): Journal {
    return new LogJournal(this.#log, this.#prefix + prefix)
  }

  all<T>(steps: readonly Promise<T>[]): Promise<T[]> {
    return Promise.all(steps)
  }

  passed(key: string): void {
    const record = this.recorded(key)
    if (record !== undefined) this.#log.passed(record)
  }

  async step<T>(key: string, step: (info: StepInfo) => Promise<T>, options: StepOptions<T>): Promise<T> {
    const log = this.#log
    const full = this.#prefix + key
    const order = this.#orderOf(key, options.kind)
    const known = log.get(full)
    if (known !== undefined) {
      this.#asked?.add(full)
      this.#checkOrder(key, known, order)
      options.check?.(known)
      if (options.kind !== 'model') log.passed(known)
      return known.value as T
    }
    if (options.composed !== true) {
      this.#checkFrontier(key, options)
      log.goLive(full)
    }
    log.begin()
    try {
      return await this.#live(full, step, options, order)
    } finally {
      log.finish()
    }
  }

  /** Makes a step that is not recorded, and records it. */
  async #live<T>(
    full: string,
    step: (info: StepInfo) => Promise<T>,
    options: StepOptions<T>,
    order: number,
  ): Promise<T> {
    const log = this.#log
    const started = performance.now()
    const announced = `${full}/intent`
    let value: T
    if (options.unknown !== undefined && log.get(announced) !== undefined) value = options.unknown()
    else {
      const intent = (): Promise<void> =>
        log.append({ key: announced, kind: 'intent', at: Date.now(), about: options.about?.(), value: null })
      value = await step({ intent })
    }
    if (options.after !== undefined) await options.after
    const about = options.about?.()
    await log.append({
      key: full,
      kind: options.kind,
      at: Date.now(),
      order,
      ms: Math.round((performance.now() - started) * 1_000) / 1_000,
      ...(about === undefined ? {} : { about }),
      value,
    })
    return value
  }

  async wait(key: string, pending: readonly PendingCall[]): Promise<readonly Decision[]> {
    const full = this.#prefix + key
    const { decideWithinMs } = this.#log.options
    if (this.#log.get(full) === undefined) {
      this.#log.goLive(full)
      const expiresAt = decideWithinMs === undefined ? {} : { expiresAt: Date.now() + decideWithinMs }
      await this.#log.append({ key: full, kind: 'wait', at: Date.now(), value: { pending, ...expiresAt } })
      return []
    }
    const decisions: Decision[] = []
    for (const call of pending) {
      const decided = this.#log.get(`${full}/${call.callId}`)
      const decision = (decided?.value as Decision | undefined) ?? (await this.#expire(full, call))
      if (decision !== undefined) decisions.push(decision)
      if (decided !== undefined) this.#log.passed(decided)
    }
    if (decisions.length === 0) this.#log.checkCancelled()
    return decisions
  }

  /** When the time to decide is over, the call is rejected, and that is recorded: a run must go the same way each time. */
  async #expire(full: string, call: PendingCall): Promise<Decision | undefined> {
    const expiresAt = (this.#log.get(full)?.value as WaitValue | undefined)?.expiresAt
    if (expiresAt === undefined || Date.now() <= expiresAt) return undefined
    const value = rejectCall(call, 'nobody decided in time.')
    await this.#log.append({ key: `${full}/${call.callId}`, kind: 'decision', at: Date.now(), value })
    return value
  }

  /** The number of a step within its turn, in the order in which the loop asks. */
  #orderOf(key: string, kind: RecordKind): number {
    const turn = turnOf(key)
    // A model call that has failed may be made again in the same turn.
    if (kind === 'model') this.#order = 0
    if (turn !== this.#turn) {
      this.#checkAsked()
      this.#turn = turn
      this.#order = 0
      this.#asked = this.#log.callsOf(this.#prefix, turn).length > 0 ? new Set() : undefined
    }
    return this.#order++
  }

  /** The turn is over: every call that the log has of it was asked for. */
  #checkAsked(): void {
    const asked = this.#asked
    if (asked === undefined) return
    const missing = this.#log.callsOf(this.#prefix, this.#turn).find((key) => !asked.has(key))
    if (missing !== undefined) throw diverged(missing, 'the log has this call, and now it is not made')
  }

  #checkOrder(key: string, known: LogRecord, order: number): void {
    if (!this.#log.options.strict || known.order === undefined || known.order === order) return
    // Decisions that came one after the other are all known at once now.
    if (this.recorded(`t${turnOf(key)}/wait`) !== undefined) return
    throw diverged(
      this.#prefix + key,
      `it was asked for as step ${known.order} of its turn, and now as step ${order}`,
    )
  }

  /** A step that is not in the log must lie behind everything that is. */
  #checkFrontier(key: string, { kind }: { kind: string }): void {
    const last = this.#log.lastTurn(this.#prefix)
    const turn = turnOf(key)
    if (turn < last || (kind === 'model' && turn === last))
      throw diverged(this.#prefix + key, `the log has no such step, but has turn ${last}`)
  }
}
