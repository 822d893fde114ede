/**
 * Documents hold no code of their own: a fence under `<!-- source: examples/01-minimal.ts -->` is filled from that file, or from
 * one region of it (`…ts#name`, between `// #region name` and `// #endregion name`). `--check` writes nothing and fails when stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sourceFiles } from './check/source-files.mjs'
import { format } from './format.mjs'

const marker =
  /^([ \t]*)<!-- source: (\S+?)(?:#(\S+))? -->[ \t]*\n\1```(\S*)[^\n]*\n([\s\S]*?)^\1```[ \t]*$/gm

/**
 * The document with every fence filled.
 * @param {string} text
 * @param {(path: string) => string} read
 */
export function fill(text, read) {
  const filled = text.replace(marker, (_whole, indent, path, region, language) => {
    const code = excerpt(read(path), path, region)
      .split('\n')
      .map((line) => (line ? indent + line : line))
      .join('\n')
    return `${indent}<!-- source: ${path}${region ? `#${region}` : ''} -->\n${indent}\`\`\`${language}\n${code}\n${indent}\`\`\``
  })
  const markers = text.match(/^[ \t]*<!-- source: /gm)?.length ?? 0
  const fences = text.match(marker)?.length ?? 0
  if (markers !== fences)
    throw new Error(`${markers - fences} source comment(s) without a fence in the next line`)
  return filled
}

/** @param {string} code @param {string} path @param {string | undefined} region */
function excerpt(code, path, region) {
  const lines = code.trimEnd().split('\n')
  const isMarker = (/** @type {string} */ line) => /^\s*\/\/ #(end)?region\b/.test(line)
  if (!region) return lines.filter((line) => !isMarker(line)).join('\n')
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`)
  const end = lines.findIndex((line) => line.trim() === `// #endregion ${region}`)
  if (start < 0 || end < start) throw new Error(`${path} has no region ${region}`)
  const inside = lines.slice(start + 1, end).filter((line) => !isMarker(line))
  const margin = Math.min(...inside.filter((line) => line.trim()).map((line) => line.search(/\S/)))
  return inside
    .map((line) => line.slice(margin))
    .join('\n')
    .trim()
}

/** @param {string} root @param {boolean} check */
function sync(root, check) {
  const documents = [
    ...sourceFiles(root, ['docs', 'examples', 'packages', 'bench']),
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
  ]
  /** @type {string[]} */
  const failures = []
  for (const document of documents.filter((path) => path.endsWith('.md') && existsSync(join(root, path)))) {
    const text = readFileSync(join(root, document), 'utf8')
    try {
      if (!text.includes('<!-- source: ')) continue
      const filled = format(
        document,
        fill(text, (path) => readFileSync(join(root, path), 'utf8')),
      )
      if (filled === text) continue
      if (check) failures.push(`${document} is not what its sources say: npm run snippets`)
      else writeFileSync(join(root, document), filled)
    } catch (error) {
      failures.push(`${document}: ${/** @type {Error} */ (error).message}`)
    }
  }
  for (const failure of failures) process.stderr.write(`${failure}\n`)
  process.exitCode = failures.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [root] = process.argv.slice(2).filter((word) => !word.startsWith('--'))
  sync(resolve(root ?? '.'), process.argv.includes('--check'))
}
