import { fill } from './fill.ts'
import { isTyped, type OpenItem } from './open-item.ts'
import { type Slot, sameItem } from './slots.ts'

/** An item of the final output. */
export interface FinalItem {
  readonly index: number
  readonly item: OpenItem
  /** It was final before the response ended. */
  readonly sealed: boolean
}

/**
 * Joins the items that were streamed with the output of the terminal event.
 *
 * A sealed item stays as it was handed on, and only takes what it lacks; of an open one the terminal copy counts. Streamed items
 * that the terminal output leaves out are kept; those that were never streamed come in at their place. What is open and comes
 * from a response that did not complete gets the status `incomplete`.
 */
export const mergeOutput = (slots: readonly Slot[], output: unknown, completed: boolean): FinalItem[] => {
  const same = sameItems(slots, output)
  if (same !== undefined) return same
  const copies = Array.isArray(output) ? output.filter(isTyped) : []
  const matches = matchCopies(slots, copies)
  const taken = new Set(matches)
  const items: FinalItem[] = []
  let next = 0
  const addNewBefore = (place: number): void => {
    for (; next < place; next++) {
      if (!taken.has(next)) items.push({ index: next, item: copies[next]!, sealed: false })
    }
  }
  for (const [i, slot] of slots.entries()) {
    const place = matches[i]
    if (place !== undefined) addNewBefore(place)
    const { index, sealed } = slot
    items.push({
      index,
      item: merge(slot, place === undefined ? undefined : copies[place], completed),
      sealed,
    })
  }
  addNewBefore(copies.length)
  return items
}

/** The common case, and always that of an answer in JSON: the terminal event repeats exactly the items that were sealed, and they lack nothing. */
const sameItems = (slots: readonly Slot[], output: unknown): FinalItem[] | undefined => {
  if (!Array.isArray(output) || output.length !== slots.length) return undefined
  const items: FinalItem[] = []
  for (let n = 0; n < slots.length; n++) {
    const { item, sealed, index } = slots[n] as Slot
    const copy: unknown = output[n]
    if (!sealed || !isTyped(copy) || (item !== copy && !isWholeCall(item, copy))) return undefined
    items.push({ index, item, sealed })
  }
  return items
}

/** Two copies of one function call, the first of which has all that the second could add. */
const isWholeCall = (item: OpenItem, copy: OpenItem): boolean =>
  item.type === 'function_call' &&
  copy.type === 'function_call' &&
  item.call_id === copy.call_id &&
  item.id === copy.id &&
  item.name === copy.name &&
  item.arguments === copy.arguments &&
  item.arguments !== '' &&
  Object.keys(copy).every((key) => item[key] !== undefined && item[key] !== null)

const merge = ({ item, sealed }: Slot, copy: OpenItem | undefined, completed: boolean): OpenItem => {
  if (sealed) return copy === undefined ? item : fill(item, copy)
  if (!completed) return { ...(copy === undefined ? item : fill(copy, item, 'status')), status: 'incomplete' }
  if (copy !== undefined) return fill(copy, item, 'status')
  return BEGUN.has(item.status) ? { ...item, status: 'completed' } : item
}

const BEGUN: ReadonlySet<unknown> = new Set(['in_progress', 'searching', 'generating', 'interpreting'])

/** For each slot the place of its copy in the terminal output, if any: by name, by place, by order of their kind. */
const matchCopies = (slots: readonly Slot[], copies: readonly OpenItem[]): (number | undefined)[] => {
  const matches: (number | undefined)[] = new Array(slots.length).fill(undefined)
  const used = new Set<number>()
  const match = (find: (slot: Slot) => number): void => {
    if (used.size === copies.length) return
    for (const [i, slot] of slots.entries()) {
      if (matches[i] !== undefined) continue
      const place = find(slot)
      if (place < 0) continue
      matches[i] = place
      used.add(place)
    }
  }
  const isFree = (place: number): boolean => place < copies.length && !used.has(place)
  match(({ item, index }) => (isFree(index) && sameItem(item, copies[index]!) ? index : -1))
  match(({ item }) => copies.findIndex((copy, place) => isFree(place) && sameItem(item, copy)))
  match(({ item, index }) => (isFree(index) && item.type === copies[index]!.type ? index : -1))
  match(({ item }) => copies.findIndex((copy, place) => isFree(place) && item.type === copy.type))
  return matches
}
