// The tool
export type { Embedder } from './embed/embedder.ts'
export { type FileSearch, type FileSearchOptions, fileSearch, type SearchBounds } from './file-search.ts'
export type { Attributes } from './index-of-chunks/chunk-index.ts'
export type { ComparisonFilter, CompoundFilter, Filter } from './index-of-chunks/filter.ts'
export type { ParseLimits } from './parse/parsed-file.ts'
export type { FileToAdd, LocalStores } from './plugin/local-stores.ts'
export type { StoreHit } from './stores/search-stores.ts'
