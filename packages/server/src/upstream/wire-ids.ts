import type { OutputItem } from '@antiphon/client'
import { itemId } from './item-id.ts'

/** Items that nothing points at: their ids may be replaced. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
}

/** Characters behind the prefix from which on an id counts as the only one of its kind. */
const UNIQUE_FROM = 16

/**
 * Ids of the items of one response. Those that nobody else can have stay as they are; `msg_1` of a server that numbers each answer anew becomes one that is the same
 * whenever that answer is told.
 */
export class WireIds {
  readonly #responseId: string
  /** Made with the first item: a stream may wait for that for long. */
  #seen: Set<string> | undefined
  #turn = -1
  #upstreamId = ''

  constructor(responseId: string) {
    this.#responseId = responseId
  }

  /** Id of the model's response under way: another attempt of the same turn has other items. */
  get upstreamId(): string {
    return this.#upstreamId
  }

  startTurn(turn: number, upstreamId: unknown): void {
    this.#turn = turn
    this.#upstreamId = typeof upstreamId === 'string' ? upstreamId : ''
  }

  /** The id of an item, by its place in its turn. */
  idOf(item: OutputItem, place: number): string {
    const { id, type } = item as { id?: unknown; type: string }
    const given = typeof id === 'string' ? id : ''
    const prefix = PREFIXES[type]
    this.#seen ??= new Set()
    const isKept =
      given !== '' && !this.#seen.has(given) && (prefix === undefined || uniquePart(given) >= UNIQUE_FROM)
    const own = isKept
      ? given
      : itemId(prefix ?? 'item', this.#responseId, this.#turn, this.#upstreamId, place, given)
    this.#seen.add(own)
    return own
  }
}

const uniquePart = (id: string): number => id.length - (id.indexOf('_') + 1)
