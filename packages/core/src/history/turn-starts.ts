import type { InputItem } from '@antiphon/client'
import { commonStart } from './common-start.ts'
import { type ItemKind, kindOf } from './item-kind.ts'
import { pairingOf } from './pairing.ts'

/**
 * The places where a history may be cut, found as it grows: each item is looked at once.
 *
 * A turn begins with messages from outside or, after outputs, with what the model made. So a cut never comes between a call and its output, between two items of one
 * response (a reasoning item and what follows it, a message and its call), nor between a question and its answer.
 */
export class TurnStarts {
  #seen: InputItem[] = []
  #open = new Set<string>()
  #starts: number[] = []
  #previous: ItemKind | undefined

  /** Index of the first item of each turn, in order. */
  get starts(): readonly number[] {
    return this.#starts
  }

  /** Looks at what is new. False when the list is not the one before with more at its end: then all begins anew. */
  follow(items: readonly InputItem[]): boolean {
    const follows = commonStart(this.#seen, items) === this.#seen.length
    if (!follows) {
      this.#seen = []
      this.#open = new Set()
      this.#starts = []
      this.#previous = undefined
    }
    for (let index = this.#seen.length; index < items.length; index++) this.#take(items[index] as InputItem)
    return follows
  }

  #take(item: InputItem): void {
    const kind = kindOf(item)
    const begins =
      kind === 'given' ? this.#previous !== 'given' : this.#previous !== 'given' && this.#previous !== 'made'
    if (begins && kind !== 'output' && this.#open.size === 0) this.#starts.push(this.#seen.length)
    const pairing = pairingOf(item)
    if (pairing !== undefined) {
      const key = `${pairing.family} ${pairing.id}`
      if (pairing.role === 'call') this.#open.add(key)
      else this.#open.delete(key)
    }
    this.#previous = kind
    this.#seen.push(item)
  }
}
