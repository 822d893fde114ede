/** A name says what is inside: the words below say nothing, so no file or folder has them. */
import { resolve } from 'node:path'
import { sourceFiles } from './source-files.mjs'

const forbidden = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'shared', 'manager', 'misc'])

const root = resolve(process.argv[2] ?? '.')
const failures = new Set()
for (const path of sourceFiles(root)) {
  const parts = path.split('/')
  parts.forEach((part, depth) => {
    // The last word says what the thing is: `string-helpers.ts` is helpers, `common-start.ts` is a start.
    const [name = ''] = part.toLowerCase().split('.')
    const last = name.split(/[^a-z0-9]+/).at(-1) ?? ''
    if (forbidden.has(last)) failures.add(parts.slice(0, depth + 1).join('/'))
  })
}
for (const path of failures)
  process.stderr.write(`${path}: name the thing itself (truncate.ts, backoff.ts), not its shelf\n`)
process.exitCode = failures.size === 0 ? 0 : 1
