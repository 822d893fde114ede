/** How far a line of the file may differ from the one that the patch expects, from not at all to spaces and punctuation. */
export type Looseness = 0 | 1 | 2 | 3

const TYPOGRAPHIC: Record<string, string> = {
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2015': '-',
  '\u2212': '-',
  '\u2018': "'",
  '\u2019': "'",
  '\u201A': "'",
  '\u201B': "'",
  '\u201C': '"',
  '\u201D': '"',
  '\u201E': '"',
  '\u201F': '"',
  '\u00A0': ' ',
  '\u202F': ' ',
  '\u3000': ' ',
}
const FORMS: ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) =>
    line
      .replace(/[\u2010-\u2015\u2212\u2018-\u201F\u00A0\u202F\u3000]/g, (sign) => TYPOGRAPHIC[sign]!)
      .trim(),
]

/** A line as it is compared at that looseness. */
export const lineForm = (line: string, looseness: Looseness): string => FORMS[looseness]!(line)

/** The lines of a file, to be searched. */
export interface LineIndex {
  readonly lines: readonly string[]
  /** Where the expected lines begin, at or after `from`; at most `limit` places. */
  find(expected: readonly string[], from: number, looseness: Looseness, limit: number): number[]
}

/** Length of the longest beginning that is also an end, for each beginning: Knuth, Morris and Pratt. */
const borders = (pattern: readonly string[]): number[] => {
  const table = [0]
  let length = 0
  for (let at = 1; at < pattern.length; at++) {
    while (length > 0 && pattern[at] !== pattern[length]) length = table[length - 1]!
    if (pattern[at] === pattern[length]) length++
    table.push(length)
  }
  return table
}

/** Prepares lines for searches, each of which takes linear time whatever the lines are. */
export const indexLines = (lines: readonly string[]): LineIndex => {
  const forms: (readonly string[] | undefined)[] = [lines]
  return {
    lines,
    find(expected, from, looseness, limit) {
      forms[looseness] ??= lines.map(FORMS[looseness]!)
      const text = forms[looseness]!
      const pattern = expected.map(FORMS[looseness]!)
      const table = borders(pattern)
      const found: number[] = []
      let matched = 0
      for (let at = from; at < text.length && found.length < limit; at++) {
        while (matched > 0 && text[at] !== pattern[matched]) matched = table[matched - 1]!
        if (text[at] === pattern[matched]) matched++
        if (matched < pattern.length) continue
        found.push(at - matched + 1)
        matched = table[matched - 1]!
      }
      return found
    },
  }
}
