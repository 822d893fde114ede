import type { Chunk, ChunkOptions } from './chunk.ts'

/** The chunks of a text, one after the other: whoever has a long one can let others work between them. */
export function* chunksOf(_text: string, _options: ChunkOptions = {}): Generator<Chunk> {
  throw new Error('Not yet.')
}

/** All chunks of a text at once. */
export const chunkText = (text: string, options: ChunkOptions = {}): Chunk[] => [...chunksOf(text, options)]
