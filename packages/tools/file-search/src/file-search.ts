import type { ToolDefinition } from '@antiphon/client'
import type { FileStore, Store } from '@antiphon/store'
import type { BuiltInContext, BuiltInTool, OpenedBuiltIn, RunsWhere } from 'antiphon'
import type { Embedder } from './embed/embedder.ts'
import type { Filter } from './index-of-chunks/filter.ts'
import type { ParseLimits } from './parse/parsed-file.ts'
import { citationsIn } from './plugin/citations.ts'
import { readDeclaration } from './plugin/declaration.ts'
import { type Engine, openEngine } from './plugin/engine.ts'
import { fileSearchView, INCLUDE } from './plugin/file-search-view.ts'
import { type LocalStores, localStores } from './plugin/local-stores.ts'
import { INSTRUCTIONS, searchTool } from './plugin/search-tool.ts'
import { createSeenFiles, filesInHistory } from './plugin/seen-files.ts'
import { storeEndpoints } from './stores/endpoints.ts'
import { refuse } from './stores/refuse.ts'
import { searchStores } from './stores/search-stores.ts'
import { findStore, hasExpired } from './stores/store-resource.ts'

/** How files are kept, read and searched. */
export interface FileSearchOptions {
  /** Where vector stores are kept. @defaultValue the store of the server that carries it, else memory */
  readonly store?: Store
  /** Here, by the provider of the model, or there where it can. @defaultValue `'auto'` */
  readonly runs?: RunsWhere
  /** Makes vectors of texts, for searching by meaning. @defaultValue none: words alone are searched, which needs no model */
  readonly embedder?: Embedder
  /** Bounds of reading one file. */
  readonly parse?: ParseLimits
  /** Files that are read at the same time. @defaultValue 2 */
  readonly readAtOnce?: number
  /** Most memory for vectors that are searched in the process, in bytes. @defaultValue 256 MiB */
  readonly maxVectorBytes?: number
  /** Vector stores of one tenant. @defaultValue 1,000 */
  readonly maxStores?: number
  /** Files of one vector store. @defaultValue 10,000 */
  readonly maxFilesPerStore?: number
  /** Told of what goes wrong in the background and is tried again. @defaultValue nothing is told */
  readonly onError?: (error: unknown) => void
}

/** What an agent's search is bounded by. */
export interface SearchBounds {
  /** Results of one search, 1 to 50. @defaultValue 10 */
  readonly maxNumResults?: number
  /** Which files count, by their attributes. @defaultValue all */
  readonly filters?: Filter
}

/** The wire's `file_search`, with its vector stores. */
export interface FileSearch extends BuiltInTool {
  /** The tool for an agent that searches these vector stores; requests to a server name theirs themselves. */
  over(vectorStoreIds: readonly string[], bounds?: SearchBounds): BuiltInTool
  /** The vector stores of the tenant `local`, for programs without a server. */
  readonly stores: LocalStores
  close(): Promise<void>
}

/** Where an agent alone keeps things. */
const LOCAL = 'local'

/**
 * The wire's `file_search`, run here: vector stores with their endpoints, files read and searched by words and, with an embedder, by meaning, and answers with `file_citation`s.
 *
 * In `serve(model, { tools: [fileSearch()] })` it offers `/v1/vector_stores` and answers for requests that declare `file_search`. In an agent, `over([id])` searches vector stores that `stores` has filled.
 */
export const fileSearch = (options: FileSearchOptions = {}): FileSearch => {
  let store = options.store
  let files: FileStore | undefined
  let opened: Promise<Engine> | undefined
  const engine = (): Promise<Engine> => {
    opened ??= openEngine({
      store,
      files,
      embedder: options.embedder,
      limits: options.parse,
      concurrency: options.readAtOnce,
      maxVectorBytes: options.maxVectorBytes,
      bounds: {
        ...(options.maxStores === undefined ? {} : { maxStores: options.maxStores }),
        ...(options.maxFilesPerStore === undefined ? {} : { maxFilesPerStore: options.maxFilesPerStore }),
      },
      onError: options.onError,
    }).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }

  const open = async (declaration: ToolDefinition, context: BuiltInContext): Promise<OpenedBuiltIn> => {
    const { storeIds, ...query } = readDeclaration(declaration)
    const { tenant, include, input } = context
    const { host } = await engine()
    for (const id of storeIds) if (hasExpired(await findStore(host.sql, tenant, id))) throw refuse.expired(id)
    const seen = createSeenFiles()
    for (const file of filesInHistory(input)) seen.label(file)
    const view = fileSearchView(include, (found) => {
      for (const file of found) seen.label(file)
    })
    const search = (queries: readonly string[], signal: AbortSignal) =>
      searchStores(host, tenant, storeIds, { ...query, queries, signal })
    return {
      tools: [searchTool(search, seen, view)],
      instructions: INSTRUCTIONS,
      annotate: (text) => citationsIn(text, seen.find),
    }
  }

  const tool: BuiltInTool & { close(): Promise<void> } = {
    kind: 'built-in',
    name: 'file_search',
    types: ['file_search'],
    declaration: declarationOf([], {}),
    runs: options.runs ?? 'auto',
    itemTypes: ['file_search_call'],
    includes: [INCLUDE],
    open,
    endpoints: storeEndpoints(async () => (await engine()).host),
    async attach(host) {
      store ??= host.store as Store | undefined
      files = host.files as FileStore | undefined
      // What another process has left is taken up at once.
      await engine()
    },
    async close() {
      const closing = opened
      opened = undefined // one that is used again begins anew
      await (await closing?.catch(() => undefined))?.close()
    },
  }
  return {
    ...tool,
    stores: localStores(engine, LOCAL),
    over: (ids, bounds = {}) => ({ ...tool, declaration: declarationOf(ids, bounds) }),
  }
}

const declarationOf = (ids: readonly string[], { maxNumResults, filters }: SearchBounds): ToolDefinition =>
  ({
    type: 'file_search',
    vector_store_ids: [...ids],
    ...(maxNumResults === undefined ? {} : { max_num_results: maxNumResults }),
    ...(filters === undefined ? {} : { filters }),
  }) as ToolDefinition
