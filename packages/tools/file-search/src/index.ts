// Vectors of texts

// Its parts, for whoever keeps chunks without vector stores
export type { Chunk, ChunkOptions } from './chunk/chunk.ts'
export { chunksOf, chunkText } from './chunk/chunk-text.ts'
export type { Embedder } from './embed/embedder.ts'
export { EmbeddingError, type EmbeddingErrorCode } from './embed/embedding-error.ts'
export { type EmbeddingsOptions, embeddings } from './embed/embeddings.ts'
export { type LocalEmbeddingsOptions, localEmbeddings } from './embed/local-embeddings.ts'
// The tool
export { type FileSearch, type FileSearchOptions, fileSearch, type SearchBounds } from './file-search.ts'
export type {
  Attributes,
  ChunkIndex,
  ChunkQuery,
  FoundChunk,
  NewChunk,
  Ranking,
} from './index-of-chunks/chunk-index.ts'
export type { ComparisonFilter, CompoundFilter, Filter } from './index-of-chunks/filter.ts'
export { type ChunkIndexOptions, createChunkIndex } from './index-of-chunks/open-chunk-index.ts'
export { ParseError, type ParseErrorCode } from './parse/parse-error.ts'
export { parseFile } from './parse/parse-file.ts'
export type { FileKind, ParsedFile, ParseLimits, ParseOptions } from './parse/parsed-file.ts'
export type { FileToAdd, LocalStores } from './plugin/local-stores.ts'
export type { StoreHit } from './stores/search-stores.ts'
