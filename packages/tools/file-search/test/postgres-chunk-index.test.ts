import { createChunkIndex } from '../src/index-of-chunks/open-chunk-index.ts'
import { indexSuite } from './index-suite.ts'
import type { OpenIndex } from './open-index.ts'
import { openPglite } from './pglite-sql.ts'

indexSuite('an index in Postgres with pgvector (PGlite)', async (): Promise<OpenIndex> => {
  const { sql, close } = await openPglite()
  const index = createChunkIndex(sql)
  return { sql, index, other: (options) => createChunkIndex(sql, options), close }
})
