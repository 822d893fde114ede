import type { InputItem } from '@antiphon/client'
import { estimateTokens } from '../history/estimate-tokens.ts'
import { ListTail } from '../history/list-tail.ts'
import { TurnStarts } from '../history/turn-starts.ts'

/** What one run sends of its history: the older part in short, and the newer as it is. */
export class Compaction {
  readonly #keepTurns: number
  readonly #turns = new TurnStarts()
  #source: readonly InputItem[] = []
  /** What stands for the items before `#cut`. */
  #shorter: readonly InputItem[] = []
  #cut = 0
  #tail: ListTail | undefined
  /** Of what is sent, where the server does not count. */
  #estimated = { tokens: 0, items: 0 }
  /** Input tokens of the last response; 0 before the first, and after a compaction. */
  usedTokens = 0
  /** Compactions that failed in a row. */
  failures = 0

  constructor(keepTurns: number) {
    this.#keepTurns = keepTurns
  }

  /** Takes the history as it is now. One that is not the one before with more at its end is sent whole again. */
  follow(source: readonly InputItem[]): void {
    if (!this.#turns.follow(source)) {
      this.#shorter = []
      this.#cut = 0
      this.#tail = undefined
      this.#estimated = { tokens: 0, items: 0 }
    }
    this.#source = source
  }

  /** The items to compact: all that is sent before the newest turns. Undefined when less than `worthTokens` have been added to them: that would gain nothing. */
  older(worthTokens: number): readonly InputItem[] | undefined {
    const added = this.#source.slice(this.#cut, this.#nextCut())
    return added.length > 0 && sum(added) >= worthTokens ? [...this.#shorter, ...added] : undefined
  }

  /** From now on `shorter` is sent in the place of `older()`. */
  replaceOlder(shorter: readonly InputItem[]): void {
    this.#cut = this.#nextCut()
    this.#shorter = shorter
    this.#tail = new ListTail(shorter, this.#cut)
    this.#estimated = { tokens: 0, items: 0 }
    this.usedTokens = 0
    this.failures = 0
  }

  /** The items to send; the history itself as long as nothing was compacted. */
  sent(): readonly InputItem[] {
    return this.#tail?.of(this.#source) ?? this.#source
  }

  /** Takes the input tokens of a response; estimated from what was sent when the server does not say. */
  used(inputTokens: number | null | undefined): void {
    this.usedTokens = inputTokens || this.#estimate()
  }

  #estimate(): number {
    const { tokens, items } = this.#estimated
    const sent = this.sent()
    this.#estimated = { tokens: tokens + sum(sent.slice(items)), items: sent.length }
    return this.#estimated.tokens
  }

  #nextCut(): number {
    const { starts } = this.#turns
    return starts[starts.length - this.#keepTurns] ?? 0
  }
}

const sum = (items: readonly InputItem[]): number =>
  items.reduce((tokens, item) => tokens + estimateTokens(item), 0)
