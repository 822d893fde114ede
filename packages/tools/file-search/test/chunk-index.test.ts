import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { indexSuite } from './index-suite.ts'
import { openSqliteIndex } from './open-index.ts'

indexSuite('an index in SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-index-'))
  const opened = await openSqliteIndex(join(folder, 'index.db'))
  return {
    ...opened,
    close: async () => {
      await opened.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
