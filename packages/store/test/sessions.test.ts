import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@antiphon/store/sqlite'
import { memorySessions } from 'antiphon'
import { openSqlite } from '../src/sqlite/open.ts'
import { historySuite } from './history-suite.ts'
import { type SessionStorePlace, sessionStoreSuite } from './session-store-suite.ts'
import { sessionSuite } from './session-suite.ts'

sessionSuite({
  name: 'memory',
  make: async () => ({ sessions: memorySessions(), close: async () => undefined }),
})

const drivers =
  process.getBuiltinModule?.('node:sqlite') === undefined
    ? ['photostructure' as const]
    : ['node' as const, 'photostructure' as const]

for (const driver of drivers) {
  const name = `SQLite, ${driver}`
  const place: SessionStorePlace['place'] = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-sessions-'))
    const target = join(folder, 'store.db')
    return {
      target,
      open: (options = {}) => sqlite(target, { driver, ...options }),
      openSql: () => openSqlite(target, { driver }),
      end: async () => rmSync(folder, { recursive: true }),
    }
  }
  sessionSuite({
    name,
    numRuns: 40,
    make: async () => {
      const { open, end } = await place()
      const store = open()
      const close = async (): Promise<void> => {
        await store.close()
        await end()
      }
      return { sessions: store.sessions, close }
    },
  })
  historySuite({ name, numRuns: 100, place })
  sessionStoreSuite({ name, place })
}
