import type { Annotation } from '@antiphon/client'
import { DATA } from './containers/container-files.ts'

/** A file that a text may name. */
export interface CitedFile {
  readonly containerId: string
  readonly id: string
  /** Relative to `/mnt/data`. */
  readonly path: string
}

/** Of one text. */
const MAX_CITATIONS = 100

/** A character that a name could go on with. */
const IN_NAME = /[\p{L}\p{N}_-]/u

/**
 * Where a text names files: each place with the whole path, with `sandbox:` before it where that is written; for a file that is never named so, the first place with its name alone. Indexes
 * count UTF-16 code units.
 */
export const citationsIn = (text: string, files: readonly CitedFile[]): readonly Annotation[] => {
  // The longest first, so that a path is not taken for a shorter one that it begins with.
  const sorted = [...files].sort((a, b) => b.path.length - a.path.length)
  const taken: { readonly start: number; readonly end: number; readonly file: CitedFile }[] = []
  const take = (file: CitedFile, needle: string, isAlone: boolean): number => {
    let found = 0
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
      const start = !isAlone && text.slice(0, at).endsWith('sandbox:') ? at - 'sandbox:'.length : at
      const end = at + needle.length
      if (!isWhole(text, start, end) || taken.some((each) => start < each.end && each.start < end)) continue
      if (taken.length >= MAX_CITATIONS) break
      taken.push({ start, end, file })
      found += 1
      if (isAlone) break
    }
    return found
  }
  for (const file of sorted) if (take(file, `${DATA}/${file.path}`, false) === 0) take(file, file.path, true)
  return taken
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, file }) => ({
      type: 'container_file_citation',
      container_id: file.containerId,
      file_id: file.id,
      filename: file.path,
      start_index: start,
      end_index: end,
    }))
}

const isWhole = (text: string, start: number, end: number): boolean =>
  !IN_NAME.test(text[start - 1] ?? ' ') &&
  !IN_NAME.test(text[end] ?? ' ') &&
  !/^\.[\p{L}\p{N}]/u.test(text.slice(end, end + 2))
