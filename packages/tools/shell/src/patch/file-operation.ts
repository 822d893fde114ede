import type { ApplyPatchOperation } from '@antiphon/client'

/** A change of one file: the operations of `apply_patch` on the wire, and a move, which only a whole patch can say. */
export type FileOperation =
  | Exclude<ApplyPatchOperation, { type: 'update_file' }>
  | (Extract<ApplyPatchOperation, { type: 'update_file' }> & {
      /** The new path of the file, when it is moved; the diff may then be empty. */
      readonly move_to?: string
    })
