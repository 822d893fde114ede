import type { OutputItem } from '@antiphon/client'
import { isLonger } from '../request/schema-parts.ts'
import { itemId } from '../upstream/item-id.ts'

/** Items that readers refuse without a `call_id`. */
const CALLS: ReadonlySet<string> = new Set([
  'function_call',
  'custom_tool_call',
  'shell_call',
  'shell_call_output',
])

/** Longest `call_id` that a request may bring back, in characters. */
const CALL_ID_CHARS = 64

const keyOf = (type: string, callId: string): string => `${type} ${callId}`

/** Call ids of one response: there, not too long to be sent back, and each one once. Those that are so stay as they were written. */
export class CallIds {
  readonly #responseId: string
  /** Made with the first call, which most responses never have. */
  #seen: Set<string> | undefined

  constructor(responseId: string) {
    this.#responseId = responseId
  }

  /** An item that begins at a place of the output, with the call id that it has from here on: the same whenever the same answer is told. */
  own(item: OutputItem, place: number): OutputItem {
    const { type, call_id: given } = item as { type: string; call_id?: unknown }
    if (!CALLS.has(type)) return item
    this.#seen ??= new Set()
    const isOnce = typeof given === 'string' && given !== '' && !this.#seen.has(keyOf(type, given))
    const isKept = isOnce && !isLonger(given, CALL_ID_CHARS)
    const call_id = isKept ? given : itemId('call', ...(isOnce ? [given] : [this.#responseId, place]))
    this.#seen.add(keyOf(type, call_id))
    return isKept ? item : ({ ...item, call_id } as OutputItem)
  }
}
