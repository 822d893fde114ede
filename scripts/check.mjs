/**
 * `pnpm check` (or `npm run check`): everything that is held against the sources beside the tests. Every check runs, each says
 * one line, and the exit code is 1 when one failed. `--fix` first repairs what a program can repair. Words name the checks to run.
 */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { formatSeconds, runCommand } from './command.mjs'
import { root, setup } from './setup.mjs'

const node = process.execPath
const script = (/** @type {string} */ name) => [node, `scripts/check/${name}.mjs`]
const present = ['packages', 'examples', 'scripts', 'bench'].filter((folder) =>
  existsSync(join(root, folder)),
)

/** @type {Record<string, string[]>} Name → command; the slow ones first, so that they do not run alone at the end. */
const checks = {
  build: [node, 'scripts/setup.mjs'],
  types: [node, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  packages: script('package-shape'),
  imports: ['depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', ...present],
  unused: ['knip', '--no-progress'],
  'any in exported types': script('exported-any'),
  reference: [node, 'scripts/reference.mjs', '--check'],
  'format and lint': ['biome', 'check', '--error-on-warnings', '--diagnostic-level=warn'],
  'file sizes': script('sizes'),
  'file names': script('names'),
  barrels: script('barrels'),
  'tree in AGENTS.md': script('agents-tree'),
  snippets: [node, 'scripts/sync-snippets.mjs', '--check'],
}

const words = process.argv.slice(2)
const fix = words.includes('--fix')
const asked = words.filter((word) => !word.startsWith('--'))
const unknown = asked.filter((word) => !Object.keys(checks).some((name) => name.includes(word)))
if (unknown.length > 0) {
  process.stderr.write(
    `No check is named ${unknown.join(', ')}. There are: ${Object.keys(checks).join(', ')}\n`,
  )
  process.exit(2)
}

await setup({ build: false })
if (fix) await repair()
const queue = Object.entries(checks).filter(
  ([name]) => asked.length === 0 || asked.some((word) => name.includes(word)),
)
const total = queue.length
let failed = 0
// Others read what was built, so the build is over before they begin.
if (queue[0]?.[0] === 'build') await next()
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
process.stdout.write(failed === 0 ? `All ${total} checks passed\n` : `${failed} of ${total} checks failed\n`)
process.exitCode = failed === 0 ? 0 : 1

async function work() {
  while (queue.length > 0) await next()
}

/** Runs the next check of the queue and says how it ended. */
async function next() {
  const [name = '', command = []] = queue.shift() ?? []
  const { ok, output, seconds } = await runCommand(command, { timeoutMs: 300_000 })
  const text = output.trim()
  const notes = ok ? text.split('\n').filter((line) => line.startsWith('note: ')) : [`${text}\n`]
  if (!ok) failed++
  process.stdout.write(
    [`${ok ? 'ok    ' : 'failed'} ${formatSeconds(seconds)}  ${name}`, ...notes, ''].join('\n'),
  )
}

async function repair() {
  const repairs = [
    ['biome', 'check', '--write'],
    [node, 'scripts/sync-snippets.mjs'],
    [node, 'scripts/reference.mjs'],
  ]
  for (const command of repairs) await runCommand(command)
}
