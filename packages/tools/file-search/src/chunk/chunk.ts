/** A piece of a text. */
export interface Chunk {
  readonly text: string
  /** Its place among the chunks, from 0. */
  readonly ordinal: number
  /** Where it begins in the whole text; `whole.slice(start, end)` is its text. */
  readonly start: number
  readonly end: number
  /** How many tokens it has. */
  readonly tokens: number
}

/** How a text is cut. */
export interface ChunkOptions {
  /** Most tokens in a chunk, 100 to 4,096. @defaultValue 800 */
  readonly maxTokens?: number
  /** Tokens that a chunk shares with the one before; at most half of `maxTokens`. @defaultValue half of `maxTokens` */
  readonly overlapTokens?: number
}
