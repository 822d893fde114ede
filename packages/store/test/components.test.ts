import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { afterAll, beforeAll } from 'vitest'
import { componentSuite } from './component-suite.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server?.stop())

const drivers =
  process.getBuiltinModule?.('node:sqlite') === undefined
    ? ['photostructure' as const]
    : ['node' as const, 'photostructure' as const]

for (const driver of drivers)
  componentSuite({
    name: `SQLite, ${driver}`,
    make: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'antiphon-components-'))
      return {
        open: () => sqlite(join(folder, 'store.db'), { driver }),
        end: async () => rmSync(folder, { recursive: true }),
      }
    },
  })

componentSuite({
  name: 'Postgres',
  make: async () => {
    const target = await server.schema()
    return { open: () => postgres(target), end: async () => undefined }
  },
})
