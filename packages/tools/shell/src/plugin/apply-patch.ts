import { resolve } from 'node:path'
import type { ApplyPatchCall, ApplyPatchCallOutput, InputItem } from '@antiphon/client'
import { type BuiltInTool, ConfigError, type Tool, ToolRetry, tool, toolOutput } from 'antiphon'
import { z } from 'zod'
import type { FileOperation } from '../patch/file-operation.ts'
import { parsePatch } from '../patch/parse-patch.ts'
import { patchFiles } from '../patch/patch-files.ts'
import { type PatchLimits, toPatchLimits } from '../patch/patch-limits.ts'
import { describePatch } from '../patch/patched-file.ts'
import { PatchError } from '../patch-error.ts'
import { toPatchText } from './patch-text.ts'
import { patchView } from './patch-view.ts'

/** Where patches are applied, and what they may touch. */
export interface ApplyPatchOptions extends PatchLimits {
  /** The folder below which files are changed. */
  readonly root: string
  /**
   * When a person decides first: always, never, or when a function says so of the operations of a patch. A patch that cannot be read is not asked about: it changes nothing.
   *
   * @defaultValue 'always'
   */
  readonly needsApproval?:
    | 'always'
    | 'never'
    | ((operations: readonly FileOperation[]) => boolean | Promise<boolean>)
}

const DESCRIPTION = `Change files of the workspace by a patch. All of it is applied, or nothing. Format:
*** Begin Patch
*** Add File: path/new.txt
+every line of a new file begins with +
*** Update File: path/old.txt
*** Move to: path/renamed.txt
@@ a line before the change, such as the name of its function
 up to 3 lines of context, each begun by a space, copied exactly
-a line to remove
+a line to put in its place
 up to 3 lines of context
*** Delete File: path/gone.txt
*** End Patch
"Move to" and the text after @@ are optional; an update may have several @@ parts, in the order of the file. Paths are relative.`

/** The operations of a patch, or undefined for one that cannot be read. */
const readable = (patch: string): readonly FileOperation[] | undefined => {
  try {
    return parsePatch(patch)
  } catch {
    return undefined
  }
}

const replay = (item: InputItem): readonly InputItem[] => {
  if (item.type === 'apply_patch_call') {
    const { call_id, operation } = item as ApplyPatchCall
    const given = JSON.stringify({ patch: toPatchText([operation]) })
    return [{ type: 'function_call', call_id, name: 'apply_patch', arguments: given }] as InputItem[]
  }
  const { call_id, output, status } = item as ApplyPatchCallOutput
  return [{ type: 'function_call_output', call_id, output: output ?? status }] as InputItem[]
}

/**
 * The wire's `apply_patch`, run here: patches of files below one folder, whole or not at all, with a person asked first. It needs no sandbox: paths cannot leave the folder.
 *
 * @throws ConfigError `invalid_config`
 */
export const applyPatch = (options: ApplyPatchOptions): BuiltInTool => {
  if (typeof options?.root !== 'string' || options.root === '')
    throw new ConfigError('invalid_config', 'Expected `root` to be the folder in which files are changed.')
  const { needsApproval = 'always' } = options
  if (typeof needsApproval !== 'function' && needsApproval !== 'always' && needsApproval !== 'never')
    throw new ConfigError(
      'invalid_config',
      `Expected \`needsApproval\` to be 'always', 'never' or a function, got ${String(needsApproval)}.`,
    )
  const root = resolve(options.root)
  const limits = toPatchLimits(options)
  const apply = tool({
    name: 'apply_patch',
    description: DESCRIPTION,
    inputSchema: z.object({ patch: z.string().describe('From "*** Begin Patch" to "*** End Patch"') }),
    key: () => root,
    needsApproval: ({ patch }) => {
      const operations = needsApproval === 'never' ? undefined : readable(patch)
      if (operations === undefined) return false
      return (
        needsApproval === 'always' || (needsApproval as Exclude<typeof needsApproval, string>)(operations)
      )
    },
    view: patchView,
    execute: async ({ patch }, { signal }) => {
      try {
        const files = await patchFiles(root, patch, { ...limits, signal })
        return toolOutput({ content: describePatch(files), details: { files } })
      } catch (error) {
        // The model can do better: it is told what did not fit.
        if (error instanceof PatchError && error.code !== 'patch_failed')
          throw new ToolRetry(`${error.message}\nNo file was changed.`)
        throw error
      }
    },
  }) as Tool
  return {
    kind: 'built-in',
    name: 'apply_patch',
    types: ['apply_patch'],
    declaration: { type: 'apply_patch' },
    runs: 'local',
    itemTypes: ['apply_patch_call', 'apply_patch_call_output'],
    open: () => ({ tools: [apply] }),
    replay,
  }
}
