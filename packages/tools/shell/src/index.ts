/** `@antiphon/shell`: commands and patches in one folder. */

// Approvals
export type { ShellApproval } from './approval/approval-rule.ts'
export { isReadOnlyCommand, type ReadOnlyOptions } from './approval/read-only-command.ts'
// Patches, without an agent
export { applyDiff, type DiffResult } from './diff/apply-diff.ts'
export type { Edit } from './diff/place-hunks.ts'
export type { FileOperation } from './patch/file-operation.ts'
export { parsePatch } from './patch/parse-patch.ts'
export { type PatchOptions, patchFiles } from './patch/patch-files.ts'
export type { PatchLimits } from './patch/patch-limits.ts'
export { describePatch, type PatchedFile } from './patch/patched-file.ts'
// Errors
export { PatchError, type PatchErrorCode } from './patch-error.ts'
// The wire's tools, run here
export { type ApplyPatchOptions, applyPatch } from './plugin/apply-patch.ts'
export { localShell } from './plugin/local-shell.ts'
export { shell } from './plugin/shell.ts'
export type { ShellOptions } from './plugin/shell-options.ts'
export { ShellError, type ShellErrorCode } from './shell-error.ts'
