import { postgres } from '@antiphon/store/postgres'
import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../src/postgres/open.ts'
import { historySuite } from './history-suite.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { type SessionStorePlace, sessionStoreSuite } from './session-store-suite.ts'
import { sessionSuite } from './session-suite.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server.stop())

const name = 'Postgres'
const place: SessionStorePlace['place'] = async () => {
  const target = await server.schema()
  return {
    target,
    open: (options = {}) => postgres(target, options),
    openSql: () => openPostgres(target),
    end: async () => undefined,
  }
}

sessionSuite({
  name,
  numRuns: 8,
  make: async () => {
    const { open } = await place()
    const store = open()
    return { sessions: store.sessions, close: () => store.close() }
  },
})
historySuite({ name, numRuns: 20, place })
sessionStoreSuite({ name, place })
