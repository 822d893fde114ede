import { describe, expect, it } from 'vitest'
import { openQuickJs, openSandbox } from '../src/index.ts'
import { folder, missing, needs } from './with-sandbox.ts'

describe('what the guide shows', () => {
  it.skipIf(missing !== undefined)(`a program in a sandbox${needs}`, async () => {
    const workspace = await folder()
    // #region run
    const sandbox = await openSandbox({
      mounts: [{ hostPath: workspace, path: '/workspace', writable: true, handOver: true }],
      cwd: '/workspace',
      limits: { wallMs: 10_000, memoryBytes: 512 * 1024 * 1024 },
    })
    const { end, exitCode, stdout } = await sandbox.run({
      argv: ['/bin/sh', '-c', 'echo "made inside" > note.txt && cat note.txt'],
    })
    await sandbox.close()
    // #endregion run
    expect([end, exitCode, Buffer.from(stdout).toString()]).toEqual(['exit', 0, 'made inside\n'])
  })

  it('JavaScript anywhere', async () => {
    // #region quickjs
    const quickJs = openQuickJs({ memoryBytes: 32 * 1024 * 1024 })
    await quickJs.evaluate('var total = [1, 2, 3].reduce((a, b) => a + b)')
    const { value } = await quickJs.evaluate('total * 7', { timeoutMs: 1_000 })
    await quickJs.close()
    // #endregion quickjs
    expect(value).toBe('42')
  })
})
