/** The page of error codes: every literal `code` that a package's sources give to an error, with class, message and meaning. */
import { relative } from 'node:path'
import ts from 'typescript'
import { docText, oneLine } from './doc-comment.mjs'
import { unionDocs } from './signature.mjs'

/** @typedef {{ classes: Map<string, string>, messages: Set<string> }} Row what an error with this code is, and says */

/** @param {ts.Program} program @param {string} root */
export function errorPage(program, root) {
  const checker = program.getTypeChecker()
  /** @type {Map<string, Row>} */
  const rows = new Map()
  /** @type {Map<string, string>} What a union of codes says about each. */
  const meanings = new Map()
  for (const source of program.getSourceFiles()) {
    if (!/^packages\/(tools\/)?[^/]+\/src\//.test(relative(root, source.fileName).replaceAll('\\', '/')))
      continue
    const visit = (/** @type {ts.Node} */ node) => {
      if (ts.isNewExpression(node) || isSuperCall(node)) collect(node, checker, rows)
      if (ts.isTypeAliasDeclaration(node) && /Code$/.test(node.name.text) && ts.isUnionTypeNode(node.type)) {
        for (const [literal, doc] of unionDocs(node.type)) meanings.set(literal.slice(1, -1), doc)
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  const lines = [...rows]
    .sort()
    .flatMap(([code, { classes, messages }]) => [
      `### \`${code}\``,
      '',
      ...[...classes].sort().map(([name, meaning]) => `\`${name}\`${meaning ? `: ${meaning}` : ''}\n`),
      ...(meanings.has(code) ? [meanings.get(code), ''] : []),
      ...[...messages].sort().map((message) => `> ${message}\n`),
    ])
  const intro =
    'Every error is an `AntiphonError`. Match on `error.code`; `error.message` says what happened and what to do. ' +
    'Where a message has `…`, the facts of the case stand.'
  return `${['# Error codes', '', intro, '', ...lines].join('\n').trimEnd()}\n`
}

/** @param {ts.NewExpression | ts.CallExpression} node @param {ts.TypeChecker} checker @param {Map<string, Row>} rows */
function collect(node, checker, rows) {
  const type = ts.isNewExpression(node) ? checker.getTypeAtLocation(node) : enclosingClass(node, checker)
  const symbol = type?.getSymbol()
  if (!type || !symbol || !isAntiphonError(type)) return
  const parameters = checker.getResolvedSignature(node)?.parameters.map(({ name }) => name) ?? []
  const argument = (/** @type {string} */ name) => node.arguments?.[parameters.indexOf(name)]
  const written = literalsIn(argument('code'))
  const typed = literalTypes(type, checker)
  const message = messageOf(argument('message'))
  for (const code of new Set([...written, ...(ts.isNewExpression(node) ? typed : [])])) {
    const row = rows.get(code) ?? { classes: new Map(), messages: new Set() }
    rows.set(code, row)
    const plain = symbol.name === 'AntiphonError'
    row.classes.set(symbol.name, plain ? '' : oneLine(docText(symbol, checker).split('\n\n')[0] ?? ''))
    if (message && (written.includes(code) || typed.length === 1)) row.messages.add(message)
  }
}

/** @param {ts.Node} node @returns {node is ts.CallExpression} */
function isSuperCall(node) {
  return ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword
}

/** @param {ts.Node} node @param {ts.TypeChecker} checker */
function enclosingClass(node, checker) {
  const owner = ts.findAncestor(node, ts.isClassDeclaration)
  return owner && checker.getTypeAtLocation(owner)
}

/** @param {ts.Type} type @returns {boolean} */
function isAntiphonError(type) {
  if (type.getSymbol()?.name === 'AntiphonError') return true
  return (type.getBaseTypes() ?? []).some(isAntiphonError)
}

/** @param {ts.Type} type @param {ts.TypeChecker} checker */
function literalTypes(type, checker) {
  const property = type.getProperty('code')
  const code = property && checker.getTypeOfSymbol(property)
  const members = code?.isUnion() ? code.types : code ? [code] : []
  return members.flatMap((member) => (member.isStringLiteral() ? member.value : []))
}

/** Codes written at the place itself; what a condition compares is not one of them. @param {ts.Expression | undefined} expression @returns {string[]} */
function literalsIn(expression) {
  if (!expression) return []
  if (ts.isStringLiteral(expression)) return [expression.text]
  if (ts.isConditionalExpression(expression))
    return [...literalsIn(expression.whenTrue), ...literalsIn(expression.whenFalse)]
  if (ts.isBinaryExpression(expression))
    return [...literalsIn(expression.left), ...literalsIn(expression.right)]
  return []
}

/** @param {ts.Expression | undefined} expression @returns {string} */
function messageOf(expression) {
  if (!expression) return ''
  if (ts.isStringLiteralLike(expression)) return oneLine(expression.text)
  if (ts.isTemplateExpression(expression)) {
    return oneLine(
      expression.head.text + expression.templateSpans.map((span) => `…${span.literal.text}`).join(''),
    )
  }
  if (ts.isBinaryExpression(expression))
    return oneLine(`${messageOf(expression.left)}${messageOf(expression.right)}`)
  return ''
}
