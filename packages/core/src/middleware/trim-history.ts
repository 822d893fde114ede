import type { InputItem } from '@antiphon/client'
import { ConfigError } from '../errors.ts'
import { estimateTokens } from '../history/estimate-tokens.ts'
import { kindOf } from '../history/item-kind.ts'
import { ListTail } from '../history/list-tail.ts'
import { TurnStarts } from '../history/turn-starts.ts'
import type { Model, ModelContext } from '../model.ts'
import { likeModel } from './like-model.ts'
import type { Middleware } from './middleware.ts'

/** How much of the history is sent. At least one bound; where there are several, all hold. */
export interface TrimHistoryOptions {
  /** Newest items that are sent at most. */
  readonly keepItems?: number
  /** Newest turns that are sent at most: what came in, what the model made of it, and the outputs of its calls. */
  readonly keepTurns?: number
  /** Tokens of the newest part at most, estimated from its text: a token for four characters, a thousand for an image or a file. */
  readonly maxTokensEstimate?: number
  /** Send the messages at the very beginning of the history as well, which often say what it is all about; they do not count. @defaultValue true */
  readonly keepFirst?: boolean
  /**
   * Once a bound is passed, the newest part is cut down to this share of it (0–1], so that what is sent begins the same for many turns, and the provider's prompt
   * cache works. 1 cuts a little in every turn. @defaultValue 0.75
   */
  readonly cutTo?: number
}

/**
 * Sends only the newest part of a long history; the history itself stays whole.
 *
 * It is cut between turns only: never between a call and its output, nor between a reasoning item and what follows it; so the newest turn is always sent, also when it
 * alone is over a bound. Does nothing when the server keeps the history (`previous_response_id`, `conversation`). What a turn costs does not grow with the history.
 *
 * @throws ConfigError `invalid_config` without a bound, or for one below 1.
 */
export const trimHistory = (options: TrimHistoryOptions): Middleware => {
  const bounds = boundsOf(options)
  const { keepFirst = true } = options
  return {
    name: 'trimHistory',
    model: (next) => {
      const trims = new WeakMap<ModelContext, Trim>()
      const trimmingModel: Model = (request, sink, context) => {
        const { input } = request
        if (!Array.isArray(input) || request.previous_response_id || request.conversation)
          return next(request, sink, context)
        let trim = trims.get(context)
        if (trim === undefined) {
          trim = new Trim(bounds, keepFirst)
          trims.set(context, trim)
        }
        const sent = trim.of(input as readonly InputItem[])
        return next(sent === input ? request : { ...request, input: sent }, sink, context)
      }
      return likeModel(next, trimmingModel)
    },
  }
}

interface Bounds {
  readonly items: number
  readonly turns: number
  readonly tokens: number
  readonly cutTo: number
}

/** What one run sends of its history. */
class Trim {
  readonly #bounds: Bounds
  readonly #keepFirst: boolean
  readonly #turns = new TurnStarts()
  /** Tokens of the items before each index. */
  #tokensBefore: number[] = [0]
  /** Place of the cut: its turn, and the index of its first item. */
  #turn = 0
  #cut = 0
  #tail: ListTail | undefined

  constructor(bounds: Bounds, keepFirst: boolean) {
    this.#bounds = bounds
    this.#keepFirst = keepFirst
  }

  of(items: readonly InputItem[]): readonly InputItem[] {
    if (!this.#turns.follow(items)) {
      this.#tokensBefore = [0]
      this.#turn = 0
      this.#cut = 0
      this.#tail = undefined
    }
    this.#estimate(items)
    if (this.#isOver(items.length, 1)) this.#moveCut(items)
    return this.#tail?.of(items) ?? items
  }

  #moveCut(items: readonly InputItem[]): void {
    const { starts } = this.#turns
    const before = this.#turn
    while (this.#isOver(items.length, this.#bounds.cutTo) && this.#turn < starts.length - 1)
      this.#cut = starts[++this.#turn] as number
    if (this.#turn === before) return
    const first = this.#keepFirst ? items.findIndex((item) => kindOf(item) !== 'given') : 0
    this.#tail = new ListTail(items.slice(0, first), this.#cut)
  }

  #estimate(items: readonly InputItem[]): void {
    if (this.#bounds.tokens === Number.POSITIVE_INFINITY) return
    for (let index = this.#tokensBefore.length - 1; index < items.length; index++)
      this.#tokensBefore.push((this.#tokensBefore[index] as number) + estimateTokens(items[index] as object))
  }

  #isOver(length: number, share: number): boolean {
    const { items, turns, tokens } = this.#bounds
    const from = (counts: readonly number[]): number => (counts.at(-1) ?? 0) - (counts[this.#cut] ?? 0)
    return (
      length - this.#cut > Math.ceil(items * share) ||
      this.#turns.starts.length - this.#turn > Math.ceil(turns * share) ||
      from(this.#tokensBefore) > tokens * share
    )
  }
}

const boundsOf = ({ keepItems, keepTurns, maxTokensEstimate, cutTo = 0.75 }: TrimHistoryOptions): Bounds => {
  const given = Object.entries({ keepItems, keepTurns, maxTokensEstimate }).filter(
    ([, value]) => value !== undefined,
  )
  if (given.length === 0)
    throw new ConfigError(
      'invalid_config',
      'Expected trimHistory() to be given `keepItems`, `keepTurns` or `maxTokensEstimate`.',
    )
  for (const [name, value] of given)
    if (!((value as number) >= 1))
      throw new ConfigError(
        'invalid_config',
        `Expected \`${name}\` of trimHistory() to be at least 1, got \`${value}\`.`,
      )
  if (!(cutTo > 0 && cutTo <= 1))
    throw new ConfigError(
      'invalid_config',
      `Expected \`cutTo\` of trimHistory() to be above 0 and at most 1, got \`${cutTo}\`.`,
    )
  const bound = (value: number | undefined): number => value ?? Number.POSITIVE_INFINITY
  return { items: bound(keepItems), turns: bound(keepTurns), tokens: bound(maxTokensEstimate), cutTo }
}
