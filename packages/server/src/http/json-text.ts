const QUOTE = 34
const BACKSLASH = 92

/** Where a text nests deeper than `maxDepth`; -1 when nowhere. Needs no stack, and does not care whether it is JSON. */
export const tooDeepAt = (text: string, maxDepth: number): number => {
  if (text.length <= maxDepth) return -1
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) {
      at = endOfString(text, at)
      if (at === -1) return -1
    } else if (char === 123 || char === 91) {
      if (++depth > maxDepth) return at
    } else if (char === 125 || char === 93) depth--
  }
  return -1
}

/** Place of the quote that ends a string. Jumps over long ones, such as images. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    if ((end - before) % 2 === 1) return end
  }
  return -1
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end'

/**
 * Place of the first character that makes a text no JSON; its length when it only ends too early.
 *
 * `JSON.parse` does not always say it, and quotes the text where it does.
 */
export const jsonErrorAt = (text: string): number => {
  const open: number[] = []
  let expected: Expected = 'value'
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const char = text.charCodeAt(at)
    if (expected === 'colon') {
      if (char !== 58) return at
      expected = 'value'
      at++
    } else if (expected === 'comma or end') {
      const inner = open.at(-1)
      if (inner === undefined) return at
      if (char === 44) expected = inner === 123 ? 'key' : 'value'
      else if (char === inner + 2) open.pop()
      else return at
      at++
    } else if ((expected === 'key or }' && char === 125) || (expected === 'value or ]' && char === 93)) {
      open.pop()
      expected = 'comma or end'
      at++
    } else if (expected === 'key' || expected === 'key or }') {
      if (char !== QUOTE) return at
      const end = stringEnd(text, at)
      if (!end.isWhole) return end.at
      at = end.at
      expected = 'colon'
    } else if (char === 123 || char === 91) {
      open.push(char)
      expected = char === 123 ? 'key or }' : 'value or ]'
      at++
    } else {
      const end = char === QUOTE ? stringEnd(text, at) : literalEnd(text, at)
      if (!end.isWhole) return end.at
      at = end.at
      expected = 'comma or end'
    }
  }
  return text.length
}

interface End {
  readonly isWhole: boolean
  readonly at: number
}

const skipSpace = (text: string, from: number): number => {
  let at = from
  for (;;) {
    const char = text.charCodeAt(at)
    if (char !== 32 && char !== 10 && char !== 13 && char !== 9) return at
    at++
  }
}

const stringEnd = (text: string, start: number): End => {
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) return { isWhole: true, at: at + 1 }
    if (char < 32) return { isWhole: false, at }
    if (char !== BACKSLASH) continue
    const escaped = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at + 1, at + 6))
    if (escaped === null) return { isWhole: false, at }
    at += escaped[0].length
  }
  return { isWhole: false, at: text.length }
}

const LITERAL = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y

const literalEnd = (text: string, start: number): End => {
  LITERAL.lastIndex = start
  return LITERAL.test(text) ? { isWhole: true, at: LITERAL.lastIndex } : { isWhole: false, at: start }
}
