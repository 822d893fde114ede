import type { HeldFolder } from './open-folder.ts'
import type { FileSnapshot } from './read-snapshot.ts'

/** Where a file is, or will be: an entry of a folder that is held open, perhaps below folders that do not exist yet. */
export interface FilePlace {
  /** As the patch has it, without `.` and doubled `/`. */
  readonly path: string
  readonly folder: HeldFolder
  /** Folders to make between `folder` and the file. */
  readonly missing: readonly string[]
  readonly name: string
}

/** One file before and after a patch; at least one of the two is there. */
export interface FileChange {
  readonly place: FilePlace
  readonly before: FileSnapshot | undefined
  readonly after: { readonly bytes: Buffer; readonly mode: number | undefined } | undefined
}
