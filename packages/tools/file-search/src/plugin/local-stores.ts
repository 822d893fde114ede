import { setTimeout as pause } from 'node:timers/promises'
import { rankingOf, type StoreHit, searchStores } from '../stores/search-stores.ts'
import { attachFile } from '../stores/store-files.ts'
import { createStore, deleteStore, getStore } from '../stores/vector-stores.ts'
import type { Engine } from './engine.ts'

/** A file that is put into a vector store. */
export interface FileToAdd {
  readonly filename: string
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>
  readonly mimeType?: string
  /** What it can be found by, beside its text: at most 16. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
}

/** Vector stores of this process, without a server. */
export interface LocalStores {
  /** Makes a vector store. Returns its id. */
  create(name?: string): Promise<string>
  /** Keeps a file and puts it into a store, to be read in the background. Returns its id. */
  add(storeId: string, file: FileToAdd): Promise<string>
  /** Waits until all files of a store were read. Returns how many can be searched, and how many could not be read. */
  settled(
    storeId: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly completed: number; readonly failed: number }>
  /** The passages that fit best, the best first. */
  search(storeId: string, query: string, options?: { readonly limit?: number }): Promise<readonly StoreHit[]>
  /** Removes a store with all that is in it; the files stay. */
  delete(storeId: string): Promise<void>
}

/** How often to look whether all was read. */
const LOOK_MS = 50

/** The stores of one tenant. @throws WireRefusal for a store that is not there. */
export const localStores = (open: () => Promise<Engine>, tenant: string): LocalStores => ({
  create: async (name) =>
    (await createStore((await open()).host, tenant, name === undefined ? {} : { name })).id,
  async add(storeId, { filename, content, mimeType, attributes }) {
    const { host, files } = await open()
    await getStore(host, tenant, storeId)
    const { id } = await files.put(
      { tenant, filename, purpose: 'assistants', ...(mimeType === undefined ? {} : { mimeType }) },
      asPieces(content),
    )
    await attachFile(host, tenant, storeId, {
      file_id: id,
      ...(attributes === undefined ? {} : { attributes }),
    })
    return id
  },
  async settled(storeId, { signal } = {}) {
    const { host } = await open()
    for (;;) {
      const { file_counts: counts } = await getStore(host, tenant, storeId)
      if (counts.in_progress === 0) return { completed: counts.completed, failed: counts.failed }
      await pause(LOOK_MS, undefined, signal === undefined ? {} : { signal })
    }
  },
  async search(storeId, query, { limit = 10 } = {}) {
    const { host } = await open()
    return searchStores(host, tenant, [storeId], { queries: [query], limit, ranking: rankingOf(undefined) })
  },
  async delete(storeId) {
    await deleteStore((await open()).host, tenant, storeId)
  },
})

async function* asPieces(content: FileToAdd['content']): AsyncGenerator<Uint8Array> {
  if (typeof content === 'string') yield new TextEncoder().encode(content)
  else if (content instanceof Uint8Array) yield content
  else yield* content
}
