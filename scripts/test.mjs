/** `npm test [-- vitest's arguments]`: sets the clone up, runs the tests and, when all of them were asked for, checks their types. */
import { spawnSync } from 'node:child_process'
import { setup } from './setup.mjs'

await setup()
const args = process.argv.slice(2)
const tests = node('node_modules/vitest/vitest.mjs', 'run', ...args)
// A filtered run is the inner loop of somebody at work: the types can wait.
const filtered = args.some((word) => !word.startsWith('--'))
const types = filtered ? 0 : node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json')
if (types !== 0) process.stderr.write('\nThe types do not check: see the errors above.\n')
process.exitCode = tests || types

/** @param {string[]} command */
function node(...command) {
  const { status, error } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  if (error) throw error
  return status ?? 1
}
