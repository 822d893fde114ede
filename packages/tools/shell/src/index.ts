// Patches
export { applyDiff, type DiffResult } from './diff/apply-diff.ts'
export type { Edit } from './diff/place-hunks.ts'
export type { FileOperation } from './patch/file-operation.ts'
export { parsePatch } from './patch/parse-patch.ts'
export { type PatchOptions, patchFiles } from './patch/patch-files.ts'
export type { PatchLimits } from './patch/patch-limits.ts'
export { describePatch, type PatchedFile } from './patch/patched-file.ts'
export { PatchError, type PatchErrorCode } from './patch-error.ts'
