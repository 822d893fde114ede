import type { ResponseRequest } from '@antiphon/client'
import { JournalError } from '../errors/journal-error.ts'
import { describeDifference, firstDifference } from './first-difference.ts'
import { parseLog } from './jsonl.ts'
import type { LogRecord } from './log-record.ts'
import { type LogRedactor, type LogRedactorOptions, toRedactor } from './redact-log.ts'
import { RequestHasher } from './request-hash.ts'
import { type RecordedCall, requestsOf } from './requests-of.ts'

/** What makes two requests the same. */
export interface ReplayOptions {
  /** Fields of the request that make no difference, beside `stream` and `stream_options`: `metadata`, `user`, … */
  readonly ignore?: readonly string[]
  /** How the log was redacted: what is asked is compared as the log would have it. */
  readonly redact?: LogRedactor | LogRedactorOptions
}

/** Calls with equal requests, in the order of the log. */
interface Answers {
  readonly calls: RecordedCall[]
  used: number
}

const NO_DIFFERENCE = ['stream', 'stream_options']

/** The records of a log, given as such or as JSON lines. A damaged text is not a recording: whoever wants what is left of it gives `parseLog(text).records`. */
export const recordsOf = (log: string | readonly LogRecord[]): readonly LogRecord[] => {
  if (typeof log !== 'string') return log
  const { records, damage } = parseLog(log)
  if (damage === undefined) return records
  const { line, reason } = damage
  throw new JournalError(
    'log_damaged',
    `The log is damaged at line ${line}: ${reason}. parseLog(text).records has the ${records.length} records before it.`,
    { line },
  )
}

/** The model calls of a log, found by their requests; each is an answer once. */
export class Tape {
  readonly #calls: readonly RecordedCall[]
  readonly #hasher: RequestHasher
  readonly #answers = new Map<string, Answers>()
  #left: number

  constructor(calls: readonly RecordedCall[], { ignore = [], redact }: ReplayOptions = {}) {
    const redactor = toRedactor(redact)
    const comparable = redactor === undefined ? (value: unknown) => value : redactor.value
    this.#hasher = new RequestHasher(comparable, new Set([...NO_DIFFERENCE, ...ignore]))
    this.#calls = calls
    this.#left = calls.length
    for (const call of calls) {
      const hash = this.#hasher.request(call.request, true)
      const answers = this.#answers.get(hash)
      if (answers === undefined) this.#answers.set(hash, { calls: [call], used: 0 })
      else answers.calls.push(call)
    }
  }

  static of(log: string | readonly LogRecord[], options?: ReplayOptions): Tape {
    return new Tape(requestsOf(recordsOf(log)), options)
  }

  /** Name of the model that answered first. */
  get modelName(): string | undefined {
    const [first] = this.#calls
    return first?.request.model ?? first?.response.model
  }

  /** Calls that have not been an answer yet. */
  get left(): number {
    return this.#left
  }

  /**
   * The next call with an equal request. With `frozen` the items of the input do not change in place.
   *
   * @throws JournalError `replay_mismatch`
   */
  take(request: ResponseRequest, frozen: boolean): RecordedCall {
    const answers = this.#answers.get(this.#hasher.request(request, frozen))
    const call = answers?.calls[answers.used]
    if (answers === undefined) throw this.#mismatch(request)
    if (call === undefined) throw usedUp(answers.calls)
    answers.used++
    this.#left--
    return call
  }

  #mismatch(request: ResponseRequest): JournalError {
    const nearest = this.#nearest(request)
    if (nearest === undefined)
      return new JournalError(
        'replay_mismatch',
        'The log has no model call, so nothing can be answered from it.',
      )
    const { key } = nearest
    const recorded = this.#hasher.comparable(nearest.request)
    const asked = this.#hasher.comparable(request)
    const difference = firstDifference(recorded, asked) ?? { path: '', recorded, asked }
    const { path } = difference
    return new JournalError(
      'replay_mismatch',
      `No recorded request is the one that is asked now. The nearest is ${key}; it differs first at ${path}:\n${describeDifference(difference)}\nWhat is asked depends on the agent, its tools and their results: make them as they were, or record anew.`,
      { key, path },
    )
  }

  /** The call whose request shares most with another: its items first, then its fields. Runs only when a replay has failed. */
  #nearest(request: ResponseRequest): RecordedCall | undefined {
    const asked = this.#shape(request)
    let nearest: RecordedCall | undefined
    let best = -1
    for (const call of this.#calls) {
      const recorded = this.#shape(call.request)
      const score = similarity(asked, recorded)
      if (score <= best) continue
      best = score
      nearest = call
    }
    return nearest
  }

  #shape(request: ResponseRequest): Shape {
    const { input, ...rest } = request
    const items = Array.isArray(input) ? input : input === undefined ? [] : [input]
    const fields = Object.entries(this.#hasher.comparable(rest))
    return {
      items: items.map((item) => this.#hasher.item(item, true)),
      fields: fields.map(([name, value]) => `${name} ${this.#hasher.item(value, false)}`),
    }
  }
}

interface Shape {
  readonly items: readonly string[]
  readonly fields: readonly string[]
}

const similarity = (a: Shape, b: Shape): number => {
  const most = Math.max(a.items.length, b.items.length)
  const sameItems = a.items.filter((item, index) => item === b.items[index]).length
  const fields = new Set(b.fields)
  const sameFields = a.fields.filter((field) => fields.has(field)).length
  return (most === 0 ? 1 : sameItems / most) + sameFields / (1 + a.fields.length + b.fields.length)
}

const usedUp = (calls: readonly RecordedCall[]): JournalError => {
  const keys = calls.map(({ key }) => key).join(', ')
  return new JournalError(
    'replay_mismatch',
    `This request was recorded ${calls.length === 1 ? 'once' : `${calls.length} times`} (${keys}), and is asked once more. A replay answers each recorded call once: make one for each run.`,
    { key: calls.at(-1)?.key ?? '' },
  )
}
