import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store, StoreOptions } from '@antiphon/store'
import { type SqliteOptions, sqlite } from '@antiphon/store/sqlite'
import { sqliteDriver } from '../src/sqlite/driver.ts'
import { openSqlite } from '../src/sqlite/open.ts'
import { runConformance } from './run-conformance.ts'
import { runCosts } from './run-costs.ts'
import { storeConformance } from './store-conformance.ts'

const placeOf = (driver: NonNullable<SqliteOptions['driver']>) => ({
  name: `SQLite, ${driver}`,
  make: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-runs-'))
    const file = join(folder, 'store.db')
    const handles: Store[] = []
    return {
      target: file,
      open: (options?: StoreOptions) => {
        const store = sqlite(file, { ...options, driver })
        handles.push(store)
        return store
      },
      close: async () => {
        await Promise.all(handles.map((store) => store.close()))
        rmSync(folder, { recursive: true })
      },
    }
  },
})

const hasOwn = (): boolean => {
  try {
    return sqliteDriver('node') !== undefined
  } catch {
    return false
  }
}

for (const driver of hasOwn() ? (['node', 'photostructure'] as const) : (['photostructure'] as const)) {
  runConformance(placeOf(driver))
  storeConformance(placeOf(driver))
  runCosts({ name: `SQLite, ${driver}`, openSql: () => openSqlite(':memory:', { driver }) })
}
