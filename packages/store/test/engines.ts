// The stores that the suites of runs are tried on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { memoryRuns } from 'antiphon'
import type { Engine } from './every-point.ts'
import type { PostgresServer } from './postgres-server.ts'

const placeOf = (target: string, make: (target: string) => Store, remove: () => void) => {
  const handles: Store[] = []
  const closeHandles = async (): Promise<void> => {
    await Promise.all(handles.splice(0).map((store) => store.close()))
  }
  return {
    target,
    open: () => {
      const store = make(target)
      handles.push(store)
      return store
    },
    closeHandles,
    close: async () => {
      await closeHandles()
      remove()
    },
  }
}

export const inMemory: Engine = {
  name: 'memory',
  make: async () => {
    const store = memoryRuns()
    const nothing = async (): Promise<void> => undefined
    return { open: () => store, closeHandles: nothing, close: nothing }
  },
}

export const onSqlite: Engine = {
  name: 'SQLite',
  make: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-durable-'))
    return placeOf(join(folder, 'store.db'), sqlite, () => rmSync(folder, { recursive: true }))
  },
}

export const onPostgres = (server: () => PostgresServer): Engine => ({
  name: 'Postgres',
  make: async () => placeOf(await server().schema(), postgres, () => undefined),
})
