/** Doc comments as markdown. */
import ts from 'typescript'

/** @typedef {import('typescript').TypeChecker} TypeChecker */

/**
 * The text of a symbol's doc comment.
 * @param {import('typescript').Symbol} symbol
 * @param {TypeChecker} checker
 */
export function docText(symbol, checker) {
  const own = plain(symbol.getDocumentationComment(checker))
  if (own || !(symbol.flags & ts.SymbolFlags.Alias)) return own
  return plain(checker.getAliasedSymbol(symbol).getDocumentationComment(checker))
}

/**
 * What the tags say that a reader needs: default, errors, deprecation, parameters, result.
 * @param {import('typescript').Symbol} symbol
 * @param {TypeChecker} checker
 * @returns {string[]} sentences, and list items for parameters
 */
export function docTags(symbol, checker) {
  return symbol.getJsDocTags(checker).flatMap((tag) => {
    const text = plain(tag.text ?? [])
    switch (tag.name) {
      case 'defaultValue':
      case 'default':
        return `Default: ${/^`/.test(text) ? text : /^[\w.'"-]+$/.test(text) ? `\`${text}\`` : text}.`.replace(
          /\.\.$/,
          '.',
        )
      case 'throws':
        return `Throws: ${text}`
      case 'deprecated':
        return `Deprecated. ${text}`.trim()
      case 'returns':
        return `Returns ${text}`
      case 'param':
        return text.replace(/^(\S+)\s*-?\s*/, '`$1`: ')
      case 'example':
        return /```/.test(text) ? `\n${text}\n` : `\n\`\`\`ts\n${text}\n\`\`\`\n`
      default:
        return []
    }
  })
}

/** On one line, for a list item. @param {string} text */
export function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim()
}

/** @param {readonly import('typescript').SymbolDisplayPart[]} parts */
function plain(parts) {
  const text = parts.map((part) => part.text).join('')
  return text
    .replace(
      /\{@link(?:code|plain)?\s+([^}|\s]+)(?:[|\s]+([^}]*))?\}/g,
      (_whole, name, label) => label || `\`${name}\``,
    )
    .trim()
}
