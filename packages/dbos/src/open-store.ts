import { postgres } from '@antiphon/store/postgres'
import type { RunStore } from 'antiphon'
import type { PlaceOptions } from './worker-options.ts'

/** The store of the runs, and how to let go of it: one that was given stays open. */
export const openStore = async ({
  store,
  databaseUrl,
}: PlaceOptions): Promise<{ store: RunStore; close(): Promise<void> }> => {
  if (store !== undefined) return { store, close: async () => undefined }
  const own = postgres(databaseUrl)
  return { store: own, close: () => own.close() }
}
