import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@antiphon/store/sqlite'
import { memoryPlace } from '../src/responses/memory-responses.ts'
import { openSqlite } from '../src/sqlite/open.ts'
import { conversationSuite } from './conversation-suite.ts'
import type { ResponsePlace } from './response-place.ts'
import { responseStoreSuite } from './response-store-suite.ts'
import { responseSuite } from './response-suite.ts'

const inMemory: ResponsePlace = {
  name: 'memory',
  numRuns: 100,
  make: async () => {
    const open = memoryPlace()
    return {
      open: () => {
        const { responses, close } = open()
        return { responses, close: async () => close() }
      },
      end: async () => undefined,
    }
  },
}
responseSuite(inMemory)
conversationSuite(inMemory)

const drivers =
  process.getBuiltinModule?.('node:sqlite') === undefined
    ? ['photostructure' as const]
    : ['node' as const, 'photostructure' as const]

for (const driver of drivers) {
  const make = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-responses-'))
    const target = join(folder, 'store.db')
    return {
      target,
      open: (options = {}) => sqlite(target, { driver, ...options }),
      openSql: () => openSqlite(target, { driver }),
      end: async () => rmSync(folder, { recursive: true }),
    }
  }
  const place = { name: `SQLite, ${driver}`, numRuns: 25, make }
  responseSuite(place)
  conversationSuite(place)
  responseStoreSuite(place)
}
