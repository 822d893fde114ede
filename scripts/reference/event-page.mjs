/** The page of events: every member of the event unions, by its `type`, with its fields. */
import ts from 'typescript'
import { docText, oneLine } from './doc-comment.mjs'
import { membersOf } from './signature.mjs'

/** Union → heading and what a reader should know first. */
const unions = {
  LoopEvent: 'Events of a run',
  KnownEvent: 'Events of the wire',
}

/**
 * @param {ReturnType<typeof import('./public-exports.mjs').exportsOf>} exports of every package, for the unions above
 * @param {ts.TypeChecker} checker
 */
export function eventPage(exports, checker) {
  const lines = ['# Events', '']
  for (const [union, heading] of Object.entries(unions)) {
    const found = exports.find(({ name }) => name === union)
    if (!found) continue
    const type = checker.getDeclaredTypeOfSymbol(found.symbol)
    lines.push(`## ${heading}`, '', docText(found.symbol, checker), '')
    for (const member of type.isUnion() ? type.types : [type]) lines.push(...describe(member, checker))
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** @param {ts.Type} type @param {ts.TypeChecker} checker */
function describe(type, checker) {
  const symbol = type.aliasSymbol ?? type.getSymbol()
  const property = type.getProperty('type')
  if (!symbol || !property) return []
  const literal = checker.getTypeOfSymbol(property)
  const names = (literal.isUnion() ? literal.types : [literal]).map((one) =>
    one.isStringLiteral() ? one.value : checker.typeToString(one),
  )
  const fields = membersOf(symbol, checker).filter((line) => !/^- `type: /.test(line))
  const text = symbol.name.startsWith('__') ? '' : docText(symbol, checker)
  return [
    `### ${names.map((name) => `\`${name}\``).join(', ')}`,
    '',
    ...(text ? [oneLine(text), ''] : []),
    ...fields,
    '',
  ]
}
