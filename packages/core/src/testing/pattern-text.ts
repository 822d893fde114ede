/** Reads a pattern from left to right. */
interface Reader {
  readonly source: string
  at: number
  /** Repetitions beyond the least, shared by all quantifiers that allow them. */
  extra: number
  groups: string[]
}

const CLASSES: Record<string, string> = { d: '0', D: 'x', w: 'x', W: '-', s: ' ', S: 'x' }
const CONTROLS: Record<string, string> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', 0: '\0' }

/** Tried in this order for a negated class. */
const CANDIDATES = 'xa0A-_ .:/@~é'

const escaped = (reader: Reader): string => {
  const letter = reader.source[reader.at++] ?? '\\'
  if (letter === 'b' || letter === 'B') return ''
  if (/[1-9]/.test(letter)) return reader.groups[Number(letter) - 1] ?? ''
  const code =
    (letter === 'u' && /^(?:[\da-fA-F]{4}|\{[\da-fA-F]+\})/.exec(reader.source.slice(reader.at))) ||
    (letter === 'x' && /^[\da-fA-F]{2}/.exec(reader.source.slice(reader.at)))
  if (code) {
    reader.at += code[0].length
    return String.fromCodePoint(Number.parseInt(code[0].replace(/[{}]/g, ''), 16))
  }
  if (letter === 'p' || letter === 'P') {
    reader.at = reader.source.indexOf('}', reader.at) + 1
    return letter === 'p' ? 'A' : '-'
  }
  return CLASSES[letter] ?? CONTROLS[letter] ?? letter
}

/** A character that the class `[…]` holds; the class itself is asked, so any syntax inside works. */
const fromClass = (reader: Reader): string => {
  const start = reader.at - 1
  if (reader.source[reader.at] === '^') reader.at++
  // A bracket right at the start of a class closes it, also in JavaScript: [] and [^] are legal there.
  while (reader.at < reader.source.length && reader.source[reader.at] !== ']') {
    reader.at += reader.source[reader.at] === '\\' ? 2 : 1
  }
  const text = reader.source.slice(start, ++reader.at)
  const test = new RegExp(`^${text}$`)
  const inside = [...text.slice(1, -1)].filter((letter) => !'^\\-'.includes(letter))
  return [...CANDIDATES, ...inside, ...'\\^-]["\' \t\n'].find((letter) => test.test(letter)) ?? ''
}

const group = (reader: Reader): string => {
  const rest = reader.source.slice(reader.at)
  const look = /^\?(?:[=!]|<[=!])/.exec(rest)
  const head = /^\?(?::|<[A-Za-z_$][\w$]*>)/.exec(rest)
  const slot = look || head?.[0] === '?:' ? undefined : reader.groups.push('') - 1
  reader.at += (look ?? head)?.[0].length ?? 0
  const text = alternatives(reader)
  reader.at++
  if (slot !== undefined) reader.groups[slot] = text
  // What looks around adds no text; the caller checks the whole text against the pattern.
  return look ? '' : text
}

const atom = (reader: Reader): string => {
  const letter = reader.source[reader.at++] as string
  switch (letter) {
    case '\\':
      return escaped(reader)
    case '[':
      return fromClass(reader)
    case '(':
      return group(reader)
    case '.':
      return 'x'
    case '^':
    case '$':
      return ''
    default:
      return letter
  }
}

/** How often the atom before is repeated. */
const times = (reader: Reader): number => {
  const found = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(reader.source.slice(reader.at))
  if (!found) return 1
  reader.at += found[0].length
  const least = found[1] === undefined ? Number(found[2]) : found[1] === '+' ? 1 : 0
  const open = found[1] === '*' || found[1] === '+' || (found[3] !== undefined && found[4] === '')
  const most = open ? Number.POSITIVE_INFINITY : found[1] === '?' ? 1 : Number(found[4] ?? found[2])
  const more = Math.min(reader.extra, most - least)
  reader.extra -= more
  return least + more
}

const sequence = (reader: Reader): string => {
  let text = ''
  while (reader.at < reader.source.length && !'|)'.includes(reader.source[reader.at] as string)) {
    const part = atom(reader)
    text += part.repeat(times(reader))
  }
  return text
}

const alternatives = (reader: Reader): string => {
  const first = sequence(reader)
  // The others are read for their length only.
  while (reader.source[reader.at] === '|') {
    reader.at++
    const { extra } = reader
    sequence(reader)
    reader.extra = extra
  }
  return first
}

/**
 * A text that a regular expression of the usual kind describes: its first alternatives and least repetitions, with
 * `extra` repetitions more, spent from the left. Lookarounds are not obeyed, so the caller has to test the text.
 */
export const patternText = (pattern: string, extra = 0): string =>
  alternatives({ source: pattern, at: 0, extra, groups: [] })
