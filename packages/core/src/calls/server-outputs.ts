import type { InputItem, OutputItem } from '@antiphon/client'
import type { Call } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import { pairingOf } from '../history/pairing.ts'

/** True for the output of a call that a client would have to answer. */
export const isOutput = (item: OutputItem): boolean => pairingOf(item as InputItem)?.role === 'output'

/**
 * Lets the outputs that the server wrote into its own response stand for ours: a shell in the provider's container is answered in the same response, so its call leaves
 * `calls`. An output without a call before it is left out, since no server would take it back.
 */
export const pairServerOutputs = (
  run: RunContext,
  items: readonly OutputItem[],
  calls: Call[],
): OutputItem[] => {
  const open = new Set<string>()
  return items.filter((item) => {
    const pairing = pairingOf(item as InputItem)
    if (pairing === undefined) return true
    const { role, family, id } = pairing
    const key = `${family} ${id}`
    if (role === 'call') return open.add(key)
    if (!open.delete(key)) {
      run.warn(
        'orphan_output',
        `The response holds a ${item.type} for call "${id}", which it does not make; the item is left out of the history.`,
      )
      return false
    }
    const at = calls.findIndex((call) => call.itemType === family && call.callId === id)
    if (at !== -1) calls.splice(at, 1)
    return true
  })
}
