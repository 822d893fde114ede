import { postgres } from '@antiphon/store/postgres'
import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../src/postgres/open.ts'
import { conversationSuite } from './conversation-suite.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { responseStoreSuite } from './response-store-suite.ts'
import { responseSuite } from './response-suite.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server?.stop())

const make = async () => {
  const target = await server.schema()
  return {
    target,
    open: (options = {}) => postgres(target, options),
    openSql: () => openPostgres(target),
    end: async () => undefined,
  }
}

const place = { name: 'Postgres', numRuns: 8, make }
responseSuite(place)
conversationSuite(place)
responseStoreSuite(place)
