import { commonEnd, toFileText, toText } from './file-text.ts'
import { parseDiff } from './parse-diff.ts'
import { type Edit, placeHunks } from './place-hunks.ts'

/** A text after its diff. */
export interface DiffResult {
  readonly text: string
  /** What was replaced, in the order of the file; lines count from 0. */
  readonly edits: readonly Edit[]
}

/**
 * Applies the V4A diff of one file to its text.
 *
 * Hunks are found by their lines: exactly, else but for spaces at the end of lines, else at the only place where they fit but for indentation and typographic signs.
 * Lines that the diff does not change keep their bytes; new ones end as their neighbours do; a text without a newline at its end stays without.
 *
 * @throws PatchError `patch_invalid`, `patch_mismatch`
 */
export const applyDiff = (text: string, diff: string): DiffResult => {
  const file = toFileText(text)
  const edits = placeHunks(file.lines, parseDiff(diff))
  const common = commonEnd(file.ends)
  const lines: string[] = []
  const ends: string[] = []
  let from = 0
  const copy = (to: number): void => {
    for (; from < to; from++) {
      lines.push(file.lines[from]!)
      ends.push(file.ends[from]! || common)
    }
  }
  for (const { at, remove, add } of edits) {
    copy(at)
    const end = (remove > 0 ? file.ends[at] : file.ends[at - 1]) || common
    for (const line of add) {
      lines.push(line)
      ends.push(end)
    }
    from = at + remove
  }
  copy(file.lines.length)
  if (file.ends.at(-1) === '' && ends.length > 0) ends[ends.length - 1] = ''
  return { text: toText({ mark: file.mark, lines, ends }), edits }
}
