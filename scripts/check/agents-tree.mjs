/**
 * AGENTS.md names every source file, and none that does not exist. Its tree is the part under "## The tree": a heading or an item
 * that begins with a folder (`calls/`) says where the files named in it lie.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isCode, sourceFiles } from './source-files.mjs'

const root = resolve(process.argv[2] ?? '.')
const wanted = new Set(sourceFiles(root).filter((path) => isCode(path) && belongs(path)))

/** Sources and programs; not tests, nor what configures a tool. @param {string} path */
function belongs(path) {
  if (path.startsWith('packages/')) return /^packages\/([\w-]+|tools\/[\w-]+)\/src\//.test(path)
  return !/(^|\/)test\//.test(path)
}

/**
 * The paths that the tree names.
 * @param {string} text
 */
function named(text) {
  const tree = /^## The tree\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(text)?.[1] ?? ''
  const paths = []
  let base = ''
  let folder = ''
  for (const line of tree.split('\n')) {
    const heading = /^### `([^`]+\/)`/.exec(line)?.[1]
    if (heading) {
      base = heading
      folder = ''
    }
    // Indented items belong to the folder of the item above them.
    if (line.startsWith('- ')) folder = /^- `([^`]+\/)`/.exec(line)?.[1] ?? ''
    for (const [, name = ''] of line.matchAll(/`([^`\s]+)`/g))
      if (isCode(name)) paths.push(base + folder + name)
  }
  return paths
}

const document = join(root, 'AGENTS.md')
const found = existsSync(document) ? named(readFileSync(document, 'utf8')) : []
const failures = [...wanted]
  .filter((path) => !found.includes(path))
  .map((path) => `${path} is not named in it`)
found.forEach((path, n) => {
  if (!wanted.has(path)) failures.push(`${path}, which it names, is not there`)
  else if (found.indexOf(path) !== n) failures.push(`${path} is named twice`)
})
for (const failure of failures) process.stderr.write(`AGENTS.md: ${failure}\n`)
process.exitCode = failures.length === 0 ? 0 : 1
