import type { ApplyPatchOperation } from '@antiphon/client'
import type { FileOperation } from '../patch/file-operation.ts'

const HEADERS = { create_file: 'Add', update_file: 'Update', delete_file: 'Delete' } as const

/** Operations as one patch text: what `parsePatch` reads. */
export const toPatchText = (operations: readonly FileOperation[]): string => {
  const lines = ['*** Begin Patch']
  for (const operation of operations) {
    lines.push(`*** ${HEADERS[operation.type]} File: ${operation.path}`)
    if (operation.type === 'update_file' && operation.move_to !== undefined)
      lines.push(`*** Move to: ${operation.move_to}`)
    if (operation.type !== 'delete_file' && operation.diff !== '')
      lines.push(operation.diff.endsWith('\n') ? operation.diff.slice(0, -1) : operation.diff)
  }
  return `${[...lines, '*** End Patch'].join('\n')}\n`
}

/** An operation as the wire has it, which knows no moves: a file that moves is an update of its old path. */
export const toWireOperation = (operation: FileOperation): ApplyPatchOperation => {
  if (operation.type !== 'update_file') return operation
  const { type, path, diff } = operation
  return { type, path, diff }
}
