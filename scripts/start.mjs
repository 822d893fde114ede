/**
 * `node scripts/start.mjs [--no-build] <program> [arguments]`: sets the clone up, then becomes that program. TypeScript runs
 * through tsx; `--no-build` is for a program that needs the dependencies only.
 * Nothing of the set-up goes to standard output, so a program's own output stays clean for a pipe.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, setup } from './setup.mjs'

const build = process.argv[2] !== '--no-build'
const [program, ...args] = process.argv.slice(build ? 2 : 3)
if (program === undefined) {
  process.stderr.write('Which program? node scripts/start.mjs <program> [arguments]\n')
  process.exit(2)
}
const file = join(root, program)
if (/\/dist\//.test(program) === false && !existsSync(file)) missing()
await setup({ build })
if (!existsSync(file)) missing()

process.argv = [process.execPath, file, ...args]
if (program.endsWith('.ts')) {
  const { register } = await import('tsx/esm/api')
  // Our packages resolve to what was built, as for any user; tsconfig.json would point them at the sources.
  register({ tsconfig: join(root, 'examples/tsconfig.json') })
}
await import(pathToFileURL(file).href)

/** @returns {never} */
function missing() {
  process.stderr.write(`${program} does not exist in this checkout.\n`)
  process.exit(1)
}
