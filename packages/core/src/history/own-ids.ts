import type { InputItem } from '@antiphon/client'
import { idIsPairing } from './encode-item.ts'
import { pairingOf } from './pairing.ts'

/** Keeps the ids of a history apart: some servers number the items of each response anew, and others refuse the second one. */
export class OwnIds {
  /** Made with the first id: many a history has none. */
  #seen: Set<string> | undefined

  /** The item itself; without its id when an item before it has that, unless the id is what others point at. */
  take(item: InputItem): InputItem {
    const { id } = item as { id?: unknown }
    if (typeof id !== 'string' || id === '') return item
    this.#seen ??= new Set()
    if (!this.#seen.has(id)) {
      this.#seen.add(id)
      return item
    }
    return withoutId(item)
  }
}

/** The item without its id; the item itself when others point at that. */
const withoutId = (item: InputItem): InputItem => {
  const { id, ...rest } = item as { id?: unknown; type?: string; call_id?: unknown }
  const role = pairingOf(item)?.role
  if (rest.type === 'item_reference' || idIsPairing(rest.type) || role === 'output') return item
  // Without a call_id its output names the call by this id.
  if (role === 'call') rest.call_id ??= id
  return rest as InputItem
}

/** The items of one response. Where a request for approval shares its id with others, they do without: its answer names it by that id, and it may come last. */
export const withRequestIds = <Item extends object>(items: readonly Item[]): readonly Item[] => {
  const idOf = (item: Item): unknown => (item as { id?: unknown }).id
  const requests = items.filter((item) => (item as { type?: unknown }).type === 'mcp_approval_request')
  if (requests.length === 0) return items
  const taken = new Set(requests.map(idOf))
  return items.map((item) => (taken.has(idOf(item)) ? (withoutId(item as InputItem) as Item) : item))
}

/**
 * The items, without ids that an item before has: in the list, or in `before`. Some servers number the items of each response anew, and others refuse an id that comes
 * twice. Items are not changed in place.
 */
export const withOwnIds = (items: readonly InputItem[], before: readonly InputItem[] = []): InputItem[] => {
  const ids = new OwnIds()
  for (const item of before) ids.take(item)
  return items.map((item) => ids.take(item))
}
