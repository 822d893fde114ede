import type { ApplyPatchCall, ApplyPatchCallOutput, ApplyPatchOperation, OutputItem } from '@antiphon/client'
import type { ItemView, ShownCall } from 'antiphon'
import { parsePatch } from '../patch/parse-patch.ts'
import { toWireOperation } from './patch-text.ts'
import { looseArguments } from './shell-arguments.ts'
import { textOf } from './shell-view.ts'

/** The operations that a call is about. A patch that cannot be read is shown as it was written, for no file. */
const operationsOf = (call: ShownCall): ApplyPatchOperation[] => {
  const { patch } = looseArguments(call.arguments)
  const text = typeof patch === 'string' ? patch : ''
  try {
    return parsePatch(text).map(toWireOperation)
  } catch {
    return [{ type: 'update_file', path: '', diff: text }]
  }
}

/** Of the further operations of one call. */
const numbered = (id: string, number: number): string => (number === 0 ? id : `${id}_${number + 1}`)

const itemOf = (
  call: ShownCall,
  operation: ApplyPatchOperation,
  number: number,
  status: ApplyPatchCall['status'],
): ApplyPatchCall => ({
  type: 'apply_patch_call',
  id: numbered(call.id, number),
  call_id: numbered(call.callId, number),
  operation,
  status,
})

/** Shows a call as `apply_patch_call`s, one for each file, since one item has one operation; each with its `apply_patch_call_output`. They succeed or fail together. */
export const patchView: ItemView = {
  idPrefix: 'apc',
  approvalAs: { serverLabel: 'apply_patch', name: 'apply_patch' },
  begin: (call) => ({ item: itemOf(call, operationsOf(call)[0]!, 0, 'in_progress'), events: [] }),
  end: (call) => {
    const operations = operationsOf(call)
    const outputOf = (number: number): ApplyPatchCallOutput => ({
      type: 'apply_patch_call_output',
      id: numbered(`apco_${call.id.replace(/^apc_/, '')}`, number),
      call_id: numbered(call.callId, number),
      status: call.outcome === 'ok' ? 'completed' : 'failed',
      output: textOf(call.output),
    })
    const [first, ...more] = operations.map((operation, number) =>
      itemOf(call, operation, number, 'completed'),
    )
    const after = more.flatMap((item, at): OutputItem[] => [item, outputOf(at + 1)])
    return { events: [], item: first!, after: [outputOf(0), ...after] }
  },
}
