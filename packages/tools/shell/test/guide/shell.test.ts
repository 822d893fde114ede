// The code of the guide on shell and patches.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@antiphon/server'
import { applyPatch, describePatch, isReadOnlyCommand, PatchError, patchFiles, shell } from '@antiphon/shell'
import { offline } from 'antiphon'
import { expect, it, onTestFinished } from 'vitest'

const folder = async (): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'antiphon-guide-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return root
}

it('approvals by a function', async () => {
  const root = await folder()
  // #region approvals
  const tools = [
    shell({ root, needsApproval: (command) => !/^npm (test|run lint)$/.test(command) }),
    applyPatch({
      root,
      needsApproval: (operations) => operations.some(({ path }) => !path.startsWith('src/')),
    }),
  ]
  // #endregion approvals
  expect(tools.map(({ name }) => name)).toEqual(['shell', 'apply_patch'])
  expect(isReadOnlyCommand('git diff --stat | head', { isSandboxed: true })).toBe(true)
})

it('patches without an agent', async () => {
  const root = await folder()
  await writeFile(join(root, 'a.txt'), 'one\ntwo\n')
  // #region patch
  const files = await patchFiles(root, [{ type: 'update_file', path: 'a.txt', diff: '@@\n one\n-two\n+2\n' }])
  console.log(describePatch(files)) // Updated a.txt (+1 -1 lines from line 2).

  const lost = patchFiles(root, '*** Begin Patch\n*** Update File: a.txt\n@@\n-three\n+3\n*** End Patch')
  await lost.catch((error: PatchError) => console.log(error.code, error.message)) // patch_mismatch …
  // #endregion patch
  await expect(lost).rejects.toBeInstanceOf(PatchError)
  expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('one\n2\n')
})

it('a server', async () => {
  const root = await folder()
  // #region serve
  const server = serve(offline(), {
    store: 'memory',
    tools: [shell({ root, access: 'read-only' }), applyPatch({ root })],
  })
  // #endregion serve
  await server.close()
})
