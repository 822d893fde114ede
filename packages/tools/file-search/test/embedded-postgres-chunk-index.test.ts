import { postgres } from '@antiphon/store/postgres'
import { afterAll } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../store/test/postgres-server.ts'
import { createChunkIndex } from '../src/index-of-chunks/open-chunk-index.ts'
import { indexSuite } from './index-suite.ts'

let server: PostgresServer | undefined
afterAll(() => server?.stop())

indexSuite('an index in Postgres without pgvector', async () => {
  server = await startPostgres()
  const store = postgres(await server.schema())
  const index = createChunkIndex(store.sql)
  return {
    sql: store.sql,
    index,
    other: (options) => createChunkIndex(store.sql, options),
    close: () => store.close(),
  }
})
