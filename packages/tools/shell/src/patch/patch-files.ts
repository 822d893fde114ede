import { commitChanges, type OnStep } from '../files/commit-changes.ts'
import { openRoot } from '../files/open-folder.ts'
import { recover } from '../files/recover.ts'
import { takeStaging } from '../files/staging.ts'
import { PatchError } from '../patch-error.ts'
import type { FileOperation } from './file-operation.ts'
import { isWholePatch, parsePatch } from './parse-patch.ts'
import { type PatchLimits, toPatchLimits } from './patch-limits.ts'
import type { PatchedFile } from './patched-file.ts'
import { planChanges } from './plan-changes.ts'

/** Options of `patchFiles`. */
export interface PatchOptions extends PatchLimits {
  /** Stops before anything is written; a patch that is being written goes to its end. */
  readonly signal?: AbortSignal
}

/** Models put a whole patch where the diff of one file belongs; it is taken if it is about that file. */
const unwrap = (operation: FileOperation): FileOperation => {
  if (operation.type === 'delete_file' || !isWholePatch(operation.diff)) return operation
  const inside = parsePatch(operation.diff)
  const [only] = inside
  if (inside.length === 1 && only!.type === operation.type && only!.path === operation.path) return only!
  throw new PatchError(
    'patch_invalid',
    `The diff of ${operation.path} is a whole patch about something else. A diff has the lines of its one file, without "*** Begin Patch".`,
  )
}

const toOperations = (
  patch: string | readonly FileOperation[],
  limits: Required<PatchLimits>,
): FileOperation[] => {
  const chars =
    typeof patch === 'string'
      ? patch.length
      : patch.reduce((sum, operation) => sum + ('diff' in operation ? operation.diff.length : 0), 0)
  if (chars > limits.maxPatchChars)
    throw new PatchError(
      'patch_too_large',
      `The patch has ${chars} characters; up to ${limits.maxPatchChars} are taken. Write several smaller patches.`,
    )
  const operations = typeof patch === 'string' ? parsePatch(patch) : patch.map(unwrap)
  if (operations.length > limits.maxFiles)
    throw new PatchError(
      'patch_too_large',
      `The patch has ${operations.length} operations; up to ${limits.maxFiles} are taken. Write several smaller patches.`,
    )
  return operations
}

/** What the system refused, told without the paths by which folders are held. */
const toPatchError = (error: unknown, signal: AbortSignal | undefined): unknown => {
  if (error instanceof PatchError || (signal?.aborted && error === signal.reason)) return error
  const said = error instanceof Error ? error.message.replace(/\/proc\/self\/fd\/\d+\//g, '') : String(error)
  return new PatchError('patch_failed', `The patch was not made: ${said}.`, { cause: error })
}

/** `patchFiles`, with somebody who is told before each step that changes the disk. */
export const patchFilesInSteps = async (
  root: string,
  patch: string | readonly FileOperation[],
  options: PatchOptions,
  onStep?: OnStep,
): Promise<PatchedFile[]> => {
  const limits = toPatchLimits(options)
  const operations = toOperations(patch, limits)
  const opened = await openRoot(root)
  try {
    const staging = await takeStaging(opened)
    // What a dead process left is needed until all of it is taken back.
    let keepStaging = true
    try {
      await recover(opened, staging, limits.protectedNames)
      keepStaging = false
      options.signal?.throwIfAborted()
      const plan = await planChanges(opened, operations, limits)
      try {
        options.signal?.throwIfAborted()
        if (plan.changes.length > 0) {
          const result = await commitChanges(staging.folder, plan.changes, onStep)
          keepStaging = result.keepStaging
          if (result.error !== undefined) throw result.error
        }
        return [...plan.files]
      } finally {
        await plan.close()
      }
    } finally {
      await staging.release(keepStaging)
    }
  } catch (error) {
    throw toPatchError(error, options.signal)
  } finally {
    await opened.folder.close()
  }
}

/**
 * Applies a patch below a folder: a whole patch as text, or operations as they are on the wire. All of it happens, or nothing, also when the process dies in the middle:
 * the next patch of this folder then takes back what had begun. Two patches of one folder, of one process or several, wait for each other.
 *
 * Paths cannot leave the root, by whatever links; names such as `.git` are protected. Permissions are kept. A file that changes meanwhile fails the patch.
 *
 * @throws PatchError with a message for the model
 */
export const patchFiles = (
  root: string,
  patch: string | readonly FileOperation[],
  options: PatchOptions = {},
): Promise<PatchedFile[]> => patchFilesInSteps(root, patch, options)
