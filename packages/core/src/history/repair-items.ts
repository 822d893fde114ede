import type { InputItem } from '@antiphon/client'
import { emptyOutput, type OpenCall } from './empty-output.ts'
import { idIsPairing } from './encode-item.ts'
import { pairingOf } from './pairing.ts'
import { validateItems } from './validate-items.ts'

/**
 * A history that servers take, from one they would not: a call without output gets one that says so, right after the calls it stands with; outputs without a call, second
 * outputs and repeated items are left out; an id that another item has already is taken off. Everything else stays as it is, the same objects in the same order.
 * Returns the list itself when nothing is wrong.
 */
export const repairItems = (
  items: readonly InputItem[],
  text = 'No output was recorded for this call.',
): InputItem[] => {
  let repaired = items as InputItem[]
  // A repeated call that is left out may leave its output behind, which the next look finds. Each look takes something away, so there are few.
  for (let next = repairOnce(repaired, text); next !== repaired; next = repairOnce(repaired, text))
    repaired = next
  return repaired
}

const repairOnce = (items: InputItem[], text: string): InputItem[] => {
  const problems = validateItems(items)
  if (problems.length === 0) return items
  const dropped = new Set<number>()
  const missing = new Set<number>()
  const sameId = new Set<number>()
  for (const { code, index } of problems) {
    const found = code === 'missing_output' ? missing : code === 'duplicate_id' ? sameId : dropped
    found.add(index)
  }
  const firsts = sameId.size === 0 ? undefined : firstsById(items)
  const repaired: InputItem[] = []
  const waiting: InputItem[] = []
  items.forEach((item, index) => {
    if (dropped.has(index)) return
    const kept = sameId.has(index) ? withoutId(item, firsts) : item
    if (kept === undefined) return
    if (pairingOf(item)?.role !== 'call') repaired.push(...waiting.splice(0))
    repaired.push(kept)
    if (missing.has(index)) {
      const output = emptyOutput(item as OpenCall, text)
      if (output === undefined) repaired.pop()
      else waiting.push(output)
    }
  })
  repaired.push(...waiting)
  return repaired
}

const firstsById = (items: readonly InputItem[]): ReadonlyMap<unknown, InputItem> => {
  const firsts = new Map<unknown, InputItem>()
  for (const item of items) {
    const { id } = item as { id?: unknown }
    if (id !== undefined && pairingOf(item)?.role !== 'output' && !firsts.has(id)) firsts.set(id, item)
  }
  return firsts
}

/** What is kept of an item whose id an earlier one has; undefined for the same item again, and where the id is what others point at. */
const withoutId = (
  item: InputItem,
  firsts: ReadonlyMap<unknown, InputItem> | undefined,
): InputItem | undefined => {
  const { id, ...rest } = item as { id?: unknown; type?: string; call_id?: unknown }
  if (idIsPairing(rest.type) || JSON.stringify(firsts?.get(id)) === JSON.stringify(item)) return undefined
  // Without a call_id its output names the call by this id.
  if (pairingOf(item)?.role === 'call') rest.call_id ??= id
  return rest as InputItem
}
