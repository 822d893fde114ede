/**
 * A file is one concept: aim for 120 lines, think twice above 200, stop at 400 (tests 600).
 * A file that must be longer is in size-exceptions.json with the reason.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isCode, sourceFiles } from './source-files.mjs'

const root = resolve(process.argv[2] ?? '.')
/** @type {Record<string, string>} */
const exceptions = JSON.parse(readFileSync(new URL('size-exceptions.json', import.meta.url), 'utf8'))
const aim = 120
const soft = 200

const files = sourceFiles(root).filter(isCode).map(measure)
const sources = files.filter(({ test }) => !test)
const long = sources.filter(({ lines, hard }) => lines > soft && lines <= hard)
const failures = files
  .filter(({ path, lines, hard }) => lines > hard && !exceptions[path])
  .map(({ path, lines, hard }) => `${path} has ${lines} lines; the limit is ${hard}. Split it by concept.`)
for (const [path, reason] of Object.entries(exceptions)) {
  const file = files.find((candidate) => candidate.path === path)
  if (file && file.lines <= file.hard)
    failures.push(`${path} no longer needs its exception in size-exceptions.json.`)
  if (!reason.trim()) failures.push(`${path} has an exception without a reason in size-exceptions.json.`)
}

const over = sources.filter(({ lines }) => lines > aim).length
process.stdout.write(
  `note: ${over} of ${sources.length} sources are over ${aim} lines, ${long.length} over ${soft}\n`,
)
for (const { path, lines } of long.sort((a, b) => b.lines - a.lines))
  process.stdout.write(`note:   ${lines} ${path}\n`)
for (const failure of failures) process.stderr.write(`${failure}\n`)
process.exitCode = failures.length === 0 ? 0 : 1

/** @param {string} path */
function measure(path) {
  const test = /(^|\/)test\//.test(path)
  const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length
  return { path, lines, test, hard: test ? 600 : 400 }
}
