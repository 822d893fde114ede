import type { Store, StoreOptions } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../src/postgres/open.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { runConformance } from './run-conformance.ts'
import { runCosts } from './run-costs.ts'
import { storeConformance } from './store-conformance.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)

afterAll(() => server?.stop())

const place = {
  name: 'Postgres',
  make: async () => {
    const target = await server.schema()
    const handles: Store[] = []
    return {
      target,
      open: (options?: StoreOptions) => {
        const store = postgres(target, options)
        handles.push(store)
        return store
      },
      close: async () => {
        await Promise.all(handles.map((store) => store.close()))
      },
    }
  },
}

runConformance(place)
storeConformance(place)
runCosts({ name: 'Postgres', openSql: async () => openPostgres(await server.schema()) })
