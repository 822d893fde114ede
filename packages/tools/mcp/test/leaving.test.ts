import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { httpServer } from './http-server.ts'
import { hostile } from './servers.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const tsx = pathToFileURL(createRequire(file('../../../../package.json')).resolve('tsx')).href

it('sessions that nobody uses do not keep the process alive, and their servers end with it', async () => {
  const server = await httpServer()
  // What was built is found as users find it; the sources by the paths of the compiler.
  const env = process.env.TEST_BUILT ? {} : { TSX_TSCONFIG_PATH: file('../../../../tsconfig.json') }
  const servers = JSON.stringify([hostile('plain'), hostile('stubborn'), { url: server.url }])
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', tsx, file('./programs/leaves.ts'), servers],
    { env: { ...process.env, ...env }, timeout: 50_000, cwd: file('..') },
  )
  expect(stdout).toBe('3 sessions are open\n')
  // The stream for notifications went with the process.
  await expect.poll(() => server.streams.every((stream) => stream.destroyed)).toBe(true)
})
