/** A text as lines that remember how they ended, so that a change of one line leaves the bytes of all others. */
export interface FileText {
  /** A byte order mark, when the text began with one. */
  readonly mark: string
  readonly lines: readonly string[]
  /** How each line ended: `\n`, `\r\n`, or nothing, which only the last one can. */
  readonly ends: readonly string[]
}

/** Splits a text; `toText` gives it back unchanged. */
export const toFileText = (text: string): FileText => {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const lines: string[] = []
  const ends: string[] = []
  let start = mark.length
  while (start < text.length) {
    const feed = text.indexOf('\n', start)
    if (feed === -1) {
      lines.push(text.slice(start))
      ends.push('')
      break
    }
    const returned = feed > start && text[feed - 1] === '\r'
    lines.push(text.slice(start, returned ? feed - 1 : feed))
    ends.push(returned ? '\r\n' : '\n')
    start = feed + 1
  }
  return { mark, lines, ends }
}

/** Lines back to a text. */
export const toText = ({ mark, lines, ends }: FileText): string => {
  let text = mark
  for (let at = 0; at < lines.length; at++) text += lines[at]! + ends[at]!
  return text
}

/** How most lines end. */
export const commonEnd = (ends: readonly string[]): string => {
  let returned = 0
  for (const end of ends) if (end === '\r\n') returned++
  return returned * 2 > ends.length ? '\r\n' : '\n'
}
