import { PatchError } from '../patch-error.ts'
import { mismatch } from './explain-mismatch.ts'
import { expectedLines, type Hunk, withoutBareEnd } from './hunk.ts'
import { indexLines, type LineIndex, type Looseness } from './line-index.ts'

/** Lines of the file that are replaced by others; line numbers count from 0. */
export interface Edit {
  readonly at: number
  readonly remove: number
  readonly add: readonly string[]
}

const LOOSENESS: readonly Looseness[] = [0, 1, 2, 3]

/** The line after the last anchor, or undefined when one of them is not in the file after `from`. */
const passAnchors = (index: LineIndex, anchors: readonly string[], from: number): number | undefined => {
  let at = from
  for (const anchor of anchors) {
    const found = LOOSENESS.map((looseness) => index.find([anchor], at, looseness, 1)[0]).find(
      (place) => place !== undefined,
    )
    if (found === undefined) return undefined
    at = found + 1
  }
  return at
}

type Place = { at: number } | { several: boolean }

/** The first place where the lines fit exactly, else but for spaces at the ends; looser than that only where there is one such place. */
const seek = (index: LineIndex, expected: readonly string[], from: number): Place => {
  for (const looseness of LOOSENESS) {
    const found = index.find(expected, from, looseness, 2)
    if (found.length === 0) continue
    return looseness < 2 || found.length === 1 ? { at: found[0]! } : { several: true }
  }
  return { several: false }
}

/** As `seek`, for the end of the file. */
const seekEnd = (index: LineIndex, expected: readonly string[]): Place => {
  const at = index.lines.length - expected.length
  if (at < 0) return { several: false }
  return LOOSENESS.some((looseness) => index.find(expected, at, looseness, 1).length > 0)
    ? { at }
    : { several: false }
}

/** The one place in the whole file, for hunks out of order, or whose `@@` line is not in the file. */
const seekOnly = (index: LineIndex, expected: readonly string[]): Place => {
  for (const looseness of LOOSENESS) {
    const found = index.find(expected, 0, looseness, 2)
    if (found.length > 0) return found.length === 1 ? { at: found[0]! } : { several: true }
  }
  return { several: false }
}

const locate = (index: LineIndex, hunk: Hunk, cursor: number): Place => {
  const expected = expectedLines(hunk)
  const anchored = passAnchors(index, hunk.anchors, cursor)
  if (expected.length === 0) {
    if (hunk.atEnd) return { at: index.lines.length }
    if (hunk.anchors.length > 0 && anchored !== undefined) return { at: anchored }
    return index.lines.length === 0 ? { at: 0 } : { several: false }
  }
  if (hunk.atEnd) {
    const place = seekEnd(index, expected)
    if ('at' in place) return place
  }
  if (anchored !== undefined) {
    const place = seek(index, expected, anchored)
    if ('at' in place) return place
    // The @@ line may be the first line of the hunk as well.
    const again = hunk.anchors.length > 0 ? seek(index, expected, anchored - 1) : place
    if ('at' in again) return again
  }
  return seekOnly(index, expected)
}

const editsAt = (hunk: Hunk, at: number): Edit[] => {
  const edits: Edit[] = []
  let line = at
  let open: { at: number; remove: number; add: string[] } | undefined
  for (const { kind, text } of hunk.lines) {
    if (kind === 'keep') {
      open = undefined
      line++
      continue
    }
    if (open === undefined) {
      open = { at: line, remove: 0, add: [] }
      edits.push(open)
    }
    if (kind === 'add') open.add.push(text)
    else {
      open.remove++
      line++
    }
  }
  return edits
}

/** Comparisons of lines that one diff may cost. */
const MAX_WORK = 100_000_000

/**
 * Finds where each hunk goes: after the one before it, or, when it fits nowhere there, at the only place of the file where it does.
 * Returns the edits in the order of the file.
 *
 * @throws PatchError `patch_mismatch`, `patch_too_large`
 */
export const placeHunks = (lines: readonly string[], hunks: readonly Hunk[]): Edit[] => {
  if (lines.length * hunks.length > MAX_WORK)
    throw new PatchError(
      'patch_too_large',
      `${hunks.length} hunks for a file of ${lines.length} lines are too many. Write several smaller patches.`,
    )
  const index = indexLines(lines)
  const edits: Edit[] = []
  const hunkOf = new Map<Edit, number>()
  let cursor = 0
  for (const [position, written] of hunks.entries()) {
    let hunk = written
    let place = locate(index, hunk, cursor)
    if (!('at' in place)) {
      hunk = withoutBareEnd(written)
      if (hunk !== written) place = locate(index, hunk, cursor)
    }
    if (!('at' in place)) throw mismatch(index, written, position + 1, place.several)
    for (const edit of editsAt(hunk, place.at)) {
      edits.push(edit)
      hunkOf.set(edit, position)
    }
    cursor = Math.max(cursor, place.at + expectedLines(hunk).length)
  }
  edits.sort((one, two) => one.at - two.at)
  for (const [position, edit] of edits.entries()) {
    const before = edits[position - 1]
    if (before === undefined || before.at + before.remove <= edit.at) continue
    const number = Math.max(hunkOf.get(before)!, hunkOf.get(edit)!)
    throw mismatch(index, hunks[number]!, number + 1, false)
  }
  return edits
}
