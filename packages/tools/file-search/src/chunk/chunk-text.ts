import { ConfigError } from 'antiphon'
import { BORDER, type Stretch, stretches } from './borders.ts'
import type { Chunk, ChunkOptions } from './chunk.ts'
import { countTokens, wholeCharacter } from './count-tokens.ts'

/** What the wire's strategy `auto` means. */
export const DEFAULT_MAX_TOKENS = 800
const LEAST_TOKENS = 100
const MOST_TOKENS = 4_096

/** A stretch with what it costs. */
interface Counted extends Stretch {
  readonly tokens: number
}

/**
 * The chunks of a text, one after the other: whoever has a long one can let others work between them. Each ends at the best border in its second half, and begins with the
 * last stretches of the one before. Only space at the ends of chunks is left out.
 *
 * @throws ConfigError `invalid_config` when the options are out of their bounds.
 */
export const chunksOf = (text: string, options: ChunkOptions = {}): Generator<Chunk> => {
  const maxTokens = options.maxTokens ?? DEFAULT_MAX_TOKENS
  const overlapTokens = options.overlapTokens ?? Math.floor(maxTokens / 2)
  if (!Number.isInteger(maxTokens) || maxTokens < LEAST_TOKENS || maxTokens > MOST_TOKENS)
    throw new ConfigError(
      'invalid_config',
      `Expected \`maxTokens\` to be a whole number from ${LEAST_TOKENS} to ${MOST_TOKENS}, got \`${maxTokens}\`.`,
    )
  if (!Number.isInteger(overlapTokens) || overlapTokens < 0 || overlapTokens > maxTokens / 2)
    throw new ConfigError(
      'invalid_config',
      `Expected \`overlapTokens\` to be a whole number from 0 to half of \`maxTokens\` (${maxTokens / 2}), got \`${overlapTokens}\`.`,
    )
  return cut(text, maxTokens, overlapTokens)
}

/** All chunks of a text at once. Same errors. */
export const chunkText = (text: string, options: ChunkOptions = {}): Chunk[] => [...chunksOf(text, options)]

function* cut(text: string, maxTokens: number, overlapTokens: number): Generator<Chunk> {
  const rest = counted(text)
  let window: Counted[] = []
  /** How many stretches of the window are in the chunk before. */
  let shared = 0
  for (let ordinal = 0; ; ) {
    let sum = window.reduce((total, one) => total + one.tokens, 0)
    while (sum <= maxTokens) {
      const { value } = rest.next()
      if (value === undefined) break
      window.push(value)
      sum += value.tokens
    }
    if (window.length === shared) return
    const { chunk, taken } = fit(text, window, { shared, maxTokens, whole: sum <= maxTokens })
    if (chunk !== undefined) yield { ...chunk, ordinal: ordinal++ }
    const from = overlapFrom(window, taken, overlapTokens)
    window = window.slice(from)
    shared = taken - from
  }
}

/** The chunk at the beginning of a window, or near it, and up to which stretch it goes: at least one that is new. */
const fit = (
  text: string,
  window: readonly Counted[],
  { shared, maxTokens, whole }: { shared: number; maxTokens: number; whole: boolean },
): { chunk: Omit<Chunk, 'ordinal'> | undefined; taken: number } => {
  let first = 0
  let taken = whole ? window.length : bestCut(window, shared, maxTokens)
  for (;;) {
    const chunk = trimmed(text, window[first]?.start ?? 0, window[taken - 1]?.end ?? 0)
    // A text can have a token more than its pieces together.
    if (chunk === undefined || chunk.tokens <= maxTokens) return { chunk, taken }
    if (taken > shared + 1) taken -= 1
    else if (first < shared) first += 1
    else return { chunk, taken }
  }
}

/** How many stretches of a window to take: up to the best border behind its first half, the last of equals. */
const bestCut = (window: readonly Counted[], shared: number, maxTokens: number): number => {
  let sum = 0
  let best: number = BORDER.none
  let taken = shared + 1
  for (const [index, { tokens, border }] of window.entries()) {
    sum += tokens
    if (index <= shared) continue
    if (sum > maxTokens) break
    if (sum < maxTokens / 2) taken = index + 1
    else if (border >= best) {
      best = border
      taken = index + 1
    }
  }
  return taken
}

/** Where the next chunk begins: as far back as the overlap goes, but behind the beginning of this one, with something new still to come. */
const overlapFrom = (window: readonly Counted[], taken: number, overlapTokens: number): number => {
  let from = taken
  let sum = 0
  while (from > 1) {
    sum += window[from - 1]?.tokens ?? 0
    if (sum > overlapTokens) break
    from -= 1
  }
  return from
}

function* counted(text: string): Generator<Counted, undefined> {
  for (const stretch of stretches(text)) {
    const tokens = countTokens(text.slice(stretch.start, stretch.end))
    if (tokens <= LEAST_TOKENS / 2) yield { ...stretch, tokens }
    else yield* smaller(text, stretch, tokens)
  }
  return undefined
}

/** A stretch that is too rich for the smallest chunk, in halves. */
function* smaller(text: string, stretch: Stretch, tokens: number): Generator<Counted> {
  const middle = wholeCharacter(text, stretch.start + ((stretch.end - stretch.start) >> 1))
  if (tokens <= LEAST_TOKENS / 2 || middle <= stretch.start || middle >= stretch.end) {
    yield { ...stretch, tokens }
    return
  }
  const space = text.lastIndexOf(' ', middle)
  const at = space > stretch.start ? space : middle
  for (const half of [
    { start: stretch.start, end: at, border: at === space ? BORDER.word : BORDER.none },
    { start: at, end: stretch.end, border: stretch.border },
  ])
    yield* smaller(text, half, countTokens(text.slice(half.start, half.end)))
}

/** A part of a text without the space at its ends; nothing when there is only space. */
const trimmed = (text: string, start: number, end: number): Omit<Chunk, 'ordinal'> | undefined => {
  const part = text.slice(start, end)
  const kept = part.trim()
  if (kept === '') return undefined
  const from = start + part.length - part.trimStart().length
  return { text: kept, start: from, end: from + kept.length, tokens: countTokens(kept) }
}
