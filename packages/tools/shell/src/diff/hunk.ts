/** A line of a hunk: of the file and kept, of the file and removed, or new. */
export interface HunkLine {
  readonly kind: 'keep' | 'remove' | 'add'
  readonly text: string
  /** An empty line without the space that context begins with: it may only separate two hunks. */
  readonly bare?: true
}

/** One change of a file, found by the lines around it. */
export interface Hunk {
  /** Lines to pass first, such as a class and then its method. */
  readonly anchors: readonly string[]
  readonly lines: readonly HunkLine[]
  /** It is the end of the file. */
  readonly atEnd: boolean
}

/** The lines that a hunk expects in the file. */
export const expectedLines = (hunk: Hunk): string[] =>
  hunk.lines.filter(({ kind }) => kind !== 'add').map(({ text }) => text)

/** The same hunk without the empty lines after its last change that have no sign of being context. */
export const withoutBareEnd = (hunk: Hunk): Hunk => {
  let end = hunk.lines.length
  while (end > 0 && hunk.lines[end - 1]!.bare) end--
  return end === hunk.lines.length ? hunk : { ...hunk, lines: hunk.lines.slice(0, end) }
}
