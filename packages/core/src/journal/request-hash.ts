import { createHash } from 'node:crypto'
import type { ResponseRequest } from '@antiphon/client'
import { commonStart } from '../history/common-start.ts'
import { orderedJson } from '../middleware/request-key.ts'

/** Hashes of a list up to each of its items. */
interface Chain {
  readonly items: unknown[]
  readonly hashes: string[]
}

/** Hashes requests by what they say. Of a history that only grew since it was last seen, only the new items are read. */
export class RequestHasher {
  readonly #comparable: (value: unknown) => unknown
  readonly #ignored: ReadonlySet<string>
  readonly #items = new WeakMap<object, string>()
  /** By the first item of the list: it stays while the list grows. */
  readonly #chains = new WeakMap<object, Chain>()

  /** `comparable` makes of a value what is compared; fields of the request in `ignored` are not. */
  constructor(comparable: (value: unknown) => unknown, ignored: ReadonlySet<string>) {
    this.#comparable = comparable
    this.#ignored = ignored
  }

  /** The request without what makes no difference. */
  comparable({ input, ...rest }: ResponseRequest): Record<string, unknown> {
    const kept = Object.entries(rest).filter(([name]) => !this.#ignored.has(name))
    // The input last: of two requests that differ in more than one place, the instructions are the reason.
    const fields = { ...Object.fromEntries(kept), ...(input === undefined ? {} : { input }) }
    return this.#comparable(fields) as Record<string, unknown>
  }

  /** With `frozen` the items of the input are known not to change in place. */
  request(request: ResponseRequest, frozen: boolean): string {
    const { input, ...rest } = request
    if (!Array.isArray(input)) return sha256(orderedJson(this.comparable(request)))
    return sha256(`${orderedJson(this.comparable(rest))}${frozen ? this.#grown(input) : this.#whole(input)}`)
  }

  /** The hash of one item. */
  item(item: unknown, frozen: boolean): string {
    if (!frozen || typeof item !== 'object' || item === null) return this.#fresh(item)
    let known = this.#items.get(item)
    if (known === undefined) {
      known = this.#fresh(item)
      this.#items.set(item, known)
    }
    return known
  }

  #fresh(item: unknown): string {
    return sha256(orderedJson(this.#comparable(item)) ?? '')
  }

  #whole(input: readonly unknown[]): string {
    return input.reduce<string>((hash, item) => sha256(hash + this.item(item, false)), '')
  }

  #grown(input: readonly unknown[]): string {
    const [first] = input
    const isKnowable = typeof first === 'object' && first !== null
    const chain = (isKnowable ? this.#chains.get(first) : undefined) ?? { items: [], hashes: [] }
    if (isKnowable) this.#chains.set(first, chain)
    const { items, hashes } = chain
    items.length = commonStart(items, input)
    hashes.length = items.length
    for (let index = items.length; index < input.length; index++) {
      items.push(input[index])
      hashes.push(sha256((hashes.at(-1) ?? '') + this.item(input[index], true)))
    }
    return hashes.at(-1) ?? ''
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
