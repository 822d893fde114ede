/** The page of one package entry: every export by kind, with signature, doc comment and members. */
import { join } from 'node:path'
import ts from 'typescript'
import { docTags, docText } from './doc-comment.mjs'
import { exportsOf } from './public-exports.mjs'
import { membersOf, signatureOf } from './signature.mjs'

/** @typedef {ReturnType<typeof exportsOf>[number]} Export */

const kinds = ['Functions', 'Classes', 'Constants', 'Types', 'Wire types']

/**
 * @param {import('./public-exports.mjs').Entry} entry
 * @param {ts.Program} program
 * @param {string} root
 */
export function exportPage(entry, program, root) {
  const checker = program.getTypeChecker()
  const packageFolder = entry.file.split('/').slice(0, 2).join('/')
  const all = exportsOf(join(root, entry.file), program, root)
  const own = all.filter(({ declaredIn }) => declaredIn.startsWith(`${packageFolder}/`))
  const foreign = all.filter((one) => !own.includes(one))
  const lines = [`# \`${entry.specifier}\``, '']
  for (const kind of kinds) {
    const group = own.filter((one) => kindOf(one) === kind)
    if (group.length > 0)
      lines.push(`${kind}: ${group.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(', ')}`, '')
  }
  for (const kind of kinds) {
    const group = own.filter((one) => kindOf(one) === kind)
    if (group.length > 0) lines.push(`## ${kind}`, '', ...group.flatMap((one) => describe(one, checker)))
  }
  if (foreign.length > 0) {
    const names = foreign.map(({ name }) => `\`${name}\``).join(', ')
    lines.push('## From other packages', '', `Described in [\`@antiphon/client\`](client.md): ${names}`, '')
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** @param {Export} one @param {ts.TypeChecker} checker */
function describe({ name, symbol }, checker) {
  const code = signatureOf(symbol, checker)
  const text = docText(symbol, checker)
  const tags = docTags(symbol, checker).map((tag) => (tag.startsWith('`') ? `- ${tag}` : tag))
  const members = membersOf(symbol, checker)
  const blocks = [
    `### ${name}`,
    code && `\`\`\`ts\n${code}\n\`\`\``,
    text,
    tags.join('\n').trim(),
    members.join('\n'),
  ]
  return blocks.filter(Boolean).flatMap((block) => [block, ''])
}

/** @param {Export} one */
function kindOf({ symbol, declaredIn }) {
  if (symbol.flags & ts.SymbolFlags.Function) return 'Functions'
  if (symbol.flags & ts.SymbolFlags.Class) return 'Classes'
  const [declaration] = symbol.declarations ?? []
  if (declaration && ts.isVariableDeclaration(declaration)) {
    const callable = declaration.initializer && ts.isArrowFunction(declaration.initializer)
    return callable ? 'Functions' : 'Constants'
  }
  return declaredIn.includes('/src/protocol/') ? 'Wire types' : 'Types'
}
