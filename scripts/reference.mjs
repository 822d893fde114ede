/**
 * Writes docs/reference/ from the doc comments of what the packages export: a page per package entry, the error codes, the
 * events. `--check` writes nothing and fails when a page is stale.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { format } from './format.mjs'
import { errorPage } from './reference/error-page.mjs'
import { eventPage } from './reference/event-page.mjs'
import { exportPage } from './reference/export-page.mjs'
import { exportsOf, readPackages } from './reference/public-exports.mjs'

const words = process.argv.slice(2)
const check = words.includes('--check')
const root = resolve(words.find((word) => !word.startsWith('--')) ?? '.')
const folder = join(root, 'docs/reference')

const stale = []
const pages = render()
for (const [name, text] of pages) {
  const file = join(folder, name)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  stale.push(name)
  if (check) continue
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, text)
}
for (const name of existsSync(folder) ? readdirSync(folder) : []) {
  if (pages.has(name)) continue
  stale.push(name)
  if (!check) rmSync(join(folder, name))
}
if (check && stale.length > 0) {
  process.stderr.write(`docs/reference is stale (${stale.join(', ')}): npm run reference\n`)
  process.exitCode = 1
}

/** @returns {Map<string, string>} */
function render() {
  const { program, checker, present } = readPackages(root)
  /** @type {Map<string, string>} */
  const rendered = new Map()
  for (const entry of present) rendered.set(entry.page, exportPage(entry, program, root))
  const every = present.flatMap(({ file }) => exportsOf(join(root, file), program, root))
  rendered.set('errors.md', errorPage(program, root))
  rendered.set('events.md', eventPage(every, checker))
  const list = [
    ...present.map(({ page, specifier }) => `- [\`${specifier}\`](${page})`),
    '- [Error codes](errors.md)',
    '- [Events](events.md)',
  ]
  const intro = 'Made from the doc comments in the sources by `npm run reference`; change it there.'
  rendered.set('README.md', `# Reference\n\n${intro}\n\n${list.join('\n')}\n`)
  for (const [name, text] of rendered) rendered.set(name, format(`docs/reference/${name}`, text))
  return rendered
}
