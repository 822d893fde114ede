/** What a package publishes has no `any` in its types: reads the built declarations, where inferred types are written out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(process.argv[2] ?? '.')
/** @type {string[]} */
const failures = []
let declarations = 0
const names = readdirSync(join(root, 'packages'))
const toolNames = existsSync(join(root, 'packages/tools')) ? readdirSync(join(root, 'packages/tools')) : []
for (const name of [...names, ...toolNames.map((tool) => `tools/${tool}`)]) {
  const folder = join(root, 'packages', name, 'dist')
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : []
  for (const file of files.filter((path) => path.endsWith('.d.ts')))
    inspect(join(folder, file), `packages/${name}/dist/${file}`)
}
if (declarations === 0) failures.push('No built declaration was found: npm run build')
for (const failure of failures) process.stderr.write(`${failure}\n`)
process.exitCode = failures.length === 0 ? 0 : 1

/** @param {string} file @param {string} shown */
function inspect(file, shown) {
  declarations++
  const text = readFileSync(file, 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
  const lines = text.split('\n')
  const visit = (/** @type {ts.Node} */ node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      failures.push(`${shown}:${line + 1} any in an exported type: ${lines[line]?.trim()}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
}
