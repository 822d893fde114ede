import { PatchError } from '../patch-error.ts'
import type { Hunk, HunkLine } from './hunk.ts'

/** `@@ -1,3 +1,4 @@ heading`, as other diff tools write it: the numbers of a model are not to be trusted. */
const NUMBERED = /^-\d+(,\d+)? \+\d+(,\d+)? @@/
const PREAMBLE = /^(diff --git |index [0-9a-f]+\.\.|--- |\+\+\+ )/
const KINDS = { '+': 'add', '-': 'remove', ' ': 'keep' } as const

const toLine = (raw: string): HunkLine => {
  if (raw === '') return { kind: 'keep', text: '', bare: true }
  const kind = KINDS[raw[0] as keyof typeof KINDS]
  // Models forget the space before context. It can do no harm: context has to be in the file.
  return kind === undefined ? { kind: 'keep', text: raw } : { kind, text: raw.slice(1) }
}

const anchorOf = (raw: string): string => {
  const header = raw.slice(2).trim()
  if (NUMBERED.test(header)) return ''
  return header.endsWith('@@') ? header.slice(0, -2).trimEnd() : header
}

/** The lines of a diff, without the head that `diff` and `git diff` write, and without a fence around it. */
const diffLines = (diff: string): string[] => {
  let lines = diff.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  if (lines.at(-1) === '') lines.pop()
  if (lines.length > 1 && lines[0]!.startsWith('```') && lines.at(-1) === '```') lines = lines.slice(1, -1)
  const first = lines.findIndex((line) => line.startsWith('@@'))
  return first > 0 && lines.slice(0, first).every((line) => PREAMBLE.test(line)) ? lines.slice(first) : lines
}

/**
 * Reads the V4A diff of one file: hunks, each begun by `@@` or the beginning of the diff.
 *
 * @throws PatchError `patch_invalid`
 */
export const parseDiff = (diff: string): Hunk[] => {
  const hunks: Hunk[] = []
  let anchors: string[] = []
  let lines: HunkLine[] = []
  const close = (atEnd: boolean): void => {
    if (lines.length > 0 || atEnd) hunks.push({ anchors, lines, atEnd })
    anchors = []
    lines = []
  }
  for (const raw of diffLines(diff)) {
    if (raw.startsWith('@@')) {
      if (lines.length > 0) close(false)
      const anchor = anchorOf(raw)
      if (anchor !== '') anchors.push(anchor)
    } else if (raw.trimEnd() === '*** End of File') close(true)
    else if (raw.trimEnd() === '*** End Patch') break
    else if (raw.startsWith('*** '))
      throw new PatchError(
        'patch_invalid',
        `The diff has the line "${raw}", which belongs around a diff, not into it. A diff has hunks begun by @@, with lines begun by a space, - or +.`,
      )
    else if (!raw.startsWith('\\ No newline')) lines.push(toLine(raw))
  }
  close(false)
  if (!hunks.some((hunk) => hunk.lines.some(({ kind }) => kind !== 'keep')))
    throw new PatchError(
      'patch_invalid',
      'The diff changes nothing: none of its lines begins with + or -. Begin new lines with + and removed lines with -.',
    )
  return hunks
}
