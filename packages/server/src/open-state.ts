import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type FileStore,
  type KeptHistory,
  memoryFiles,
  memoryHistory,
  memoryResponses,
  type ResponseStore,
  type Store,
} from '@antiphon/store'
import { memoryRuns } from 'antiphon'
import { type TenantRuns, tenantRuns } from './responses/tenant-runs.ts'

/** Where a server keeps what it must remember. */
export interface ServerState {
  readonly responses: ResponseStore
  readonly history: KeptHistory
  readonly runs: TenantRuns
  readonly files: FileStore
  /** For built-in tools; undefined for what is kept in memory. */
  readonly store: Store | undefined
  close(): Promise<void>
}

/** A file beside the program, for whoever says nothing. */
const DEFAULT_FILE = '.antiphon/server.db'

/** Opens the state of a server. A store that is given stays open when the server closes. */
export const openState = async (target: string | Store = DEFAULT_FILE): Promise<ServerState> => {
  if (typeof target !== 'string') return stateOf(target, async () => undefined)
  if (target === 'memory')
    return {
      responses: memoryResponses(),
      history: memoryHistory(),
      runs: tenantRuns(memoryRuns()),
      files: memoryFiles(),
      store: undefined,
      close: async () => undefined,
    }
  const store = await openStore(target)
  return stateOf(store, () => store.close())
}

const stateOf = (store: Store, close: () => Promise<void>): ServerState => ({
  responses: store.responses,
  history: store.history,
  runs: tenantRuns(store),
  files: store.files,
  store,
  close,
})

// Loaded when they are needed: each brings a database.
const openStore = async (target: string): Promise<Store> => {
  if (/^postgres(ql)?:\/\//.test(target)) {
    const { postgres } = await import('@antiphon/store/postgres')
    return postgres(target)
  }
  const { sqlite } = await import('@antiphon/store/sqlite')
  if (target !== ':memory:') mkdirSync(dirname(target), { recursive: true })
  return sqlite(target)
}
