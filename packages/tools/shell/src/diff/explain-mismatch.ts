import { PatchError } from '../patch-error.ts'
import { expectedLines, type Hunk } from './hunk.ts'
import { type LineIndex, lineForm } from './line-index.ts'

const SHOWN_CHARS = 200
const PLACES_TRIED = 1000
const LINES_COMPARED = 100_000
const quote = (line: string): string =>
  JSON.stringify(line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS)}…` : line)

/** The place where most of the beginning fits: line number (from 0) and how many lines fit there. */
const nearest = (index: LineIndex, expected: readonly string[]): { at: number; fits: number } | undefined => {
  let best: { at: number; fits: number } | undefined
  let left = LINES_COMPARED
  for (const at of index.find(expected.slice(0, 1), 0, 2, PLACES_TRIED)) {
    let fits = 1
    while (
      left-- > 0 &&
      fits < expected.length &&
      at + fits < index.lines.length &&
      lineForm(index.lines[at + fits]!, 2) === lineForm(expected[fits]!, 2)
    )
      fits++
    if (best === undefined || fits > best.fits) best = { at, fits }
  }
  return best
}

/** What the model has to know to write a hunk that fits: what was expected, and what is there instead. */
export const mismatch = (index: LineIndex, hunk: Hunk, number: number, several: boolean): PatchError => {
  const expected = expectedLines(hunk)
  const which = `Hunk ${number}${hunk.anchors.length > 0 ? ` (@@ ${hunk.anchors.join(' @@ ')})` : ''}`
  if (expected.length === 0)
    return new PatchError(
      'patch_mismatch',
      `${which} has only new lines, and nothing says where they go. Add lines of the file around them, an @@ line that is in the file, or "*** End of File".`,
    )
  if (several)
    return new PatchError(
      'patch_mismatch',
      `${which} fits in more than one place, and in none exactly. Copy more lines from the file, with their spaces.`,
    )
  const near = nearest(index, expected)
  const there =
    near === undefined
      ? `No line of the file is ${quote(expected[0]!)}.`
      : near.at + near.fits >= index.lines.length
        ? `Line ${near.at + near.fits} is the last of the file, but the hunk goes on with ${quote(expected[near.fits] ?? '')}.`
        : near.fits === expected.length
          ? `Its lines are at line ${near.at + 1}, but not after the @@ line or the hunk before it.`
          : `Line ${near.at + near.fits + 1} of the file is ${quote(index.lines[near.at + near.fits]!)}, but the hunk expects ${quote(expected[near.fits]!)}.`
  return new PatchError(
    'patch_mismatch',
    `${which} does not fit the file. ${there} Read the file again and write the hunk anew.`,
  )
}
