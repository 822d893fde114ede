/**
 * `npm run examples [-- 03 streaming]`: runs the numbered examples whose path contains one of the arguments, or all.
 * Each runs alone, without any key, within a time limit; the exit code is 1 when one of them failed.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { formatSeconds, runCommand } from './command.mjs'
import { root, setup } from './setup.mjs'

const limitMs = 60_000
const keys = ['COMETAPI_KEY', 'OPENAI_API_KEY', 'COMETAPI_BASE_URL', 'OPENAI_BASE_URL']

/** The programs `examples/NN-name.ts` and `examples/NN-name/main.ts`, in order. @param {string} folder */
export function findExamples(folder) {
  const names = existsSync(folder) ? readdirSync(folder).sort() : []
  return names
    .filter((name) => /^\d\d-/.test(name))
    .map((name) => (name.endsWith('.ts') ? name : join(name, 'main.ts')))
    .filter((path) => existsSync(join(folder, path)))
}

await setup()
const wanted = process.argv.slice(2)
const all = findExamples(join(root, 'examples'))
const chosen = all.filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
if (chosen.length === 0) {
  process.stderr.write(
    `No example matches ${wanted.join(' ') || 'examples/NN-*'}. There are: ${all.join(', ') || 'none'}\n`,
  )
  process.exit(1)
}

const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'examples/tsconfig.json') }
for (const key of keys) delete (/** @type {NodeJS.ProcessEnv} */ (env)[key])
let failed = 0
for (const path of chosen) {
  const command = [process.execPath, '--import', 'tsx', join('examples', path)]
  const { ok, seconds, output } = await runCommand(command, {
    env,
    timeoutMs: limitMs,
    echo: chosen.length === 1,
  })
  process.stdout.write(`${ok ? 'ok    ' : 'failed'} ${formatSeconds(seconds)}  ${path}\n`)
  if (ok) continue
  failed++
  if (chosen.length > 1) process.stdout.write(`${output.trimEnd()}\n\n`)
}
process.stdout.write(`${chosen.length - failed} of ${chosen.length} examples passed\n`)
process.exitCode = failed === 0 ? 0 : 1
