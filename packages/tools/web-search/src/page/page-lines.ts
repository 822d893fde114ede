/** A longer line is told as several, so that a window of lines has a size. */
const MAX_LINE_CHARS = 1_000

/** The text as lines that a window can be made of. */
export const linesOf = (text: string): readonly string[] =>
  text.split(/\r\n|\r|\n/).flatMap((line) => (line.length > MAX_LINE_CHARS ? wrap(line) : [line]))

const wrap = (line: string): string[] => {
  const pieces: string[] = []
  let from = 0
  while (from < line.length) {
    const end = from + MAX_LINE_CHARS
    const space = end < line.length ? line.lastIndexOf(' ', end) : -1
    // Without a space in its second half, it is cut where it is; not within a pair of surrogates.
    const at = end >= line.length ? line.length : space > from + MAX_LINE_CHARS / 2 ? space : whole(line, end)
    pieces.push(line.slice(from, at))
    from = line[at] === ' ' ? at + 1 : at
  }
  return pieces
}

const whole = (line: string, at: number): number =>
  /[\ud800-\udbff]/.test(line.charAt(at - 1)) ? at - 1 : at

/** Some lines of a page. Lines count from 1. */
export interface LineWindow {
  readonly first: number
  readonly last: number
  readonly total: number
  readonly text: string
}

/** The lines from `first` on, as many as fit into `maxChars`; at least one. Undefined behind the last line. */
export const windowOf = (
  lines: readonly string[],
  first: number,
  maxChars: number,
): LineWindow | undefined => {
  if (first < 1 || first > lines.length) return undefined
  let size = 0
  let last = first - 1
  for (; last < lines.length; last++) {
    size += (lines[last]?.length ?? 0) + 1
    if (size > maxChars && last >= first) break
  }
  return { first, last, total: lines.length, text: lines.slice(first - 1, last).join('\n') }
}
