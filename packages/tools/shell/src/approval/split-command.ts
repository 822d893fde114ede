/** Signs that mean nothing to a shell outside of quotes. */
const PLAIN = /[A-Za-z0-9_\-./,:@%+=]/
/** Signs that a shell reads inside of double quotes. */
const LIVE = /["$`\\!]/

/**
 * The simple commands of a command line, when it is made of nothing else: words, quoted or not, between `|`, `||`, `&&` and `;`.
 * Undefined for everything that needs a shell to know what it does: expansions, redirections, substitutions, globs, groups, background, several lines.
 */
export const splitCommand = (text: string): string[][] | undefined => {
  const commands: string[][] = [[]]
  let word: string | undefined
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)!.push(word)
    word = undefined
  }
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (sign === ' ' || sign === '\t') endWord()
    else if (sign === "'" || sign === '"') {
      const end = text.indexOf(sign, at + 1)
      if (end === -1) return undefined
      const quoted = text.slice(at + 1, end)
      if (quoted.includes('\n') || (sign === '"' && LIVE.test(quoted))) return undefined
      word = (word ?? '') + quoted
      at = end
    } else if (sign === '|' || sign === '&' || sign === ';') {
      endWord()
      const isDouble = text[at + 1] === sign
      if ((sign === '&' && !isDouble) || (sign === ';' && isDouble)) return undefined
      if (isDouble) at++
      commands.push([])
    } else if (PLAIN.test(sign)) word = (word ?? '') + sign
    else return undefined
  }
  endWord()
  return commands.every((command) => command.length > 0) ? commands : undefined
}
