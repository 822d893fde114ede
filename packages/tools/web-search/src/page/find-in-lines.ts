/** A place where a pattern stands, with the lines around it. */
interface Match {
  /** From 1. */
  readonly line: number
  readonly first: number
  readonly text: string
}

/** What was found, and how often in all. */
export interface Matches {
  readonly matches: readonly Match[]
  readonly total: number
}

/**
 * Finds plain text, whatever its case and its spaces, also across the end of a line. It is never an expression.
 *
 * Gives the first `maxMatches` places, each with `context` lines before and behind.
 */
export const findInLines = (
  lines: readonly string[],
  pattern: string,
  { maxMatches, context = 2 }: { readonly maxMatches: number; readonly context?: number },
): Matches => {
  const wanted = fold(pattern).trim()
  if (wanted === '') return { matches: [], total: 0 }
  const matches: Match[] = []
  let total = 0
  for (let at = 0; at < lines.length; at++) {
    if (!standsAt(lines, at, wanted)) continue
    total++
    if (matches.length === maxMatches) continue
    const from = Math.max(0, at - context)
    matches.push({ line: at + 1, first: from + 1, text: lines.slice(from, at + context + 1).join('\n') })
  }
  return { matches, total }
}

const standsAt = (lines: readonly string[], at: number, wanted: string): boolean => {
  const line = fold(lines[at] ?? '')
  if (line.includes(wanted)) return true
  const next = fold(lines[at + 1] ?? '')
  return !next.includes(wanted) && `${line.trimEnd()} ${next.trimStart()}`.includes(wanted)
}

const fold = (text: string): string => text.toLowerCase().replace(/\s+/g, ' ')
