import type { InputItem } from '@antiphon/client'
import { pairingOf } from './pairing.ts'

/** Something in a history that a server would refuse. */
export type HistoryProblem =
  | { code: 'missing_output'; index: number; callId: string; message: string }
  | { code: 'orphan_output'; index: number; callId: string; message: string }
  | { code: 'duplicate_output'; index: number; callId: string; message: string }
  | { code: 'duplicate_call'; index: number; callId: string; message: string }
  | { code: 'duplicate_id'; index: number; callId: string; message: string }

/**
 * What servers would refuse in a list of items: calls without an output, outputs without a call, two of either for one call, and ids that appear twice.
 * O(items). An empty list means that the history may be sent. (A history that goes on from one the server keeps may rightly hold outputs alone.)
 */
export const validateItems = (items: readonly InputItem[]): HistoryProblem[] => {
  const problems: HistoryProblem[] = []
  const open = new Map<string, { index: number; callId: string }>()
  const answered = new Set<string>()
  const ids = new Set<string>()
  items.forEach((item, index) => {
    const { id, type } = item as { id?: unknown; type?: string }
    const pairing = pairingOf(item)
    if (typeof id === 'string' && id !== '' && type !== 'item_reference' && pairing?.role !== 'output') {
      if (ids.has(id))
        problems.push({
          code: 'duplicate_id',
          index,
          callId: id,
          message: `Item ${index}: id ${id} appears twice.`,
        })
      ids.add(id)
    }
    if (pairing === undefined) return
    const key = `${pairing.family} ${pairing.id}`
    const { id: callId } = pairing
    if (pairing.role === 'call') {
      // An id may come again once it was answered: some servers number the calls of each response anew.
      if (open.has(key))
        problems.push({
          code: 'duplicate_call',
          index,
          callId,
          message: `Item ${index}: call ${callId} is made twice.`,
        })
      else open.set(key, { index, callId })
      answered.delete(key)
    } else if (open.delete(key)) answered.add(key)
    else if (answered.has(key))
      problems.push({
        code: 'duplicate_output',
        index,
        callId,
        message: `Item ${index}: call ${callId} has a second output.`,
      })
    else
      problems.push({
        code: 'orphan_output',
        index,
        callId,
        message: `Item ${index}: no tool call found for the output of ${callId}.`,
      })
  })
  for (const { index, callId } of open.values())
    problems.push({
      code: 'missing_output',
      index,
      callId,
      message: `Item ${index}: no tool output found for call ${callId}.`,
    })
  return problems
}
