import type { InputItem, ResponseRequest } from '@antiphon/client'
import type { ItemPlace, ModelAbout, RunStart } from './log-record.ts'

/** A list that is changed at its end alone, but for items that are taken out: the history of a run. */
type GrowingList = readonly unknown[]

type Fields = Readonly<Record<string, unknown>>

const NONE: Fields = {}

/**
 * Tells each model call of a run as the difference to the one before it, so that a log grows by what is new and not by the history.
 *
 * One recorder per run; a run inside a call has its own, and its places are keys of that run. `describe` a request, and `advance` to it when its record is in the log, also
 * when that was found there. Items are known by reference: give `remember…` the very objects that will be in `input`. One that is not known is written out, which is
 * always right and costs its length. Each call costs what is new in it, as long as `input` is the list given to the constructor.
 */
export class RequestRecorder {
  readonly #growing: GrowingList | undefined
  readonly #places = new WeakMap<object, ItemPlace>()
  /** The fields of the last request without `input`; with it where that is no list. */
  #fields: Fields = NONE
  /** A copy of the last input, as that may grow. */
  #input: unknown[] = []
  /** The last input was the growing list. */
  #fromGrowing = false

  constructor(growing?: GrowingList) {
    this.#growing = growing
  }

  /** Says where the log has an item. */
  remember(item: unknown, place: ItemPlace): void {
    if (typeof item === 'object' && item !== null) this.#places.set(item, place)
  }

  /** The items of the record `run`. */
  rememberStart({ input }: Pick<RunStart, 'input'>): void {
    this.rememberOutput('run', input)
  }

  /** The items of the record `session`: the first request keeps them, as if they were the last input. */
  beginAfter(items: readonly unknown[]): void {
    this.#input = [...items]
  }

  /** The items of a list in the record `key`: the output of a response. */
  rememberOutput(key: string, items: readonly unknown[]): void {
    items.forEach((item, index) => {
      this.remember(item, { $record: key, $index: index })
    })
  }

  /** Where the log has an item, as far as this recorder was told. */
  place(item: unknown): ItemPlace | undefined {
    return typeof item === 'object' && item !== null ? this.#places.get(item) : undefined
  }

  /** Whether the request that `about` tells, next after the last one, has a field. */
  hasField(name: string, { set, unset }: ModelAbout): boolean {
    if (set?.[name] !== undefined) return true
    return this.#fields[name] !== undefined && unset?.includes(name) !== true
  }

  /** The request of the next model call as the difference to the last one. Changes nothing. */
  describe(request: ResponseRequest, agent: string): ModelAbout {
    const { input, fields } = split(request)
    const keep = this.#kept(input)
    const add = input.slice(keep).map((item) => this.place(item) ?? (item as InputItem))
    const { set, unset } = changes(this.#fields, fields)
    return {
      agent,
      ...(set === undefined ? {} : { set }),
      ...(unset === undefined ? {} : { unset }),
      input: { keep, add },
    }
  }

  /** Makes a request the last one. */
  advance(request: ResponseRequest): void {
    const { input, fields } = split(request)
    const keep = this.#kept(input)
    this.#input.length = keep
    for (let index = keep; index < input.length; index++) this.#input.push(input[index])
    this.#fields = fields
    this.#fromGrowing = input === this.#growing
  }

  /** Items at the beginning that are those of the last input. */
  #kept(input: readonly unknown[]): number {
    const last = this.#input
    const most = Math.min(last.length, input.length)
    // Where something was taken out, what follows has moved, and the last item is another.
    const grown = this.#fromGrowing && input === this.#growing && most === last.length
    if (grown && input[most - 1] === last[most - 1]) return most
    let count = 0
    while (count < most && input[count] === last[count]) count++
    return count
  }
}

const EMPTY: readonly unknown[] = []

const split = (request: ResponseRequest): { input: readonly unknown[]; fields: Fields } => {
  const { input, ...fields } = request
  if (Array.isArray(input)) return { input, fields }
  return { input: EMPTY, fields: { ...fields, input: input ?? null } }
}

const changes = (last: Fields, next: Fields): { set?: Record<string, unknown>; unset?: string[] } => {
  let set: Record<string, unknown> | undefined
  let unset: string[] | undefined
  for (const name in next) {
    const value = next[name]
    if (value === undefined || value === last[name]) continue
    if (last[name] !== undefined && isSameJson(last[name], value)) continue
    set ??= {}
    set[name] = value
  }
  for (const name in last) {
    if (last[name] === undefined || next[name] !== undefined) continue
    unset ??= []
    unset.push(name)
  }
  return { ...(set === undefined ? {} : { set }), ...(unset === undefined ? {} : { unset }) }
}

const isSameJson = (a: unknown, b: unknown): boolean =>
  typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b)
