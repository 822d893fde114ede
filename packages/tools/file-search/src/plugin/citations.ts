import type { Annotation } from '@antiphon/client'
import type { SeenFile } from './seen-files.ts'

/** Most citations of one text. */
const MAX_CITATIONS = 1_000

/**
 * The citations in a text: names of files in brackets, `[report.pdf]`, of files that were seen. Never one that was not. `index` is where the bracket opens, in UTF-16 code units.
 */
export const citationsIn = (
  text: string,
  find: (label: string) => SeenFile | undefined,
): readonly Annotation[] => {
  const citations: Annotation[] = []
  for (const { 0: whole, index } of text.matchAll(/\[[^[\]\n]{1,110}\]|【[^【】\n]{1,110}】/gu)) {
    // Several may stand in one pair of brackets.
    const inside = whole.slice(1, -1)
    const found = new Map(
      [inside, ...inside.split(/[,;]/)].flatMap((part) => {
        const file = find(part.trim())
        return file === undefined ? [] : [[file.fileId, file] as const]
      }),
    )
    for (const { fileId, filename } of found.values()) {
      if (citations.length >= MAX_CITATIONS) return citations
      citations.push({ type: 'file_citation', file_id: fileId, filename, index })
    }
  }
  return citations
}
