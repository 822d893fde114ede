import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@antiphon/store/sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { losesNothing, sqliteDriver } from '../src/sqlite/driver.ts'
import { startOf } from './sample-records.ts'

describe('which SQLite opens a file', () => {
  it('is never a version that may lose what was committed', () => {
    for (const version of ['3.51.3', '3.51.10', '3.53.0', '4.0.0', '3.50.7', '3.44.6', '3.44.9'])
      expect(losesNothing(version), version).toBe(true)
    for (const version of [
      '3.51.2',
      '3.50.6',
      '3.47.2',
      '3.45.1',
      '3.44.5',
      '3.7.0',
      '2.99.9',
      '',
      undefined,
    ])
      expect(losesNothing(version), version).toBe(false)
    const connection = sqliteDriver()(':memory:')
    const [row] = connection.prepare('select sqlite_version() as version').all([]) as [{ version: string }]
    connection.close()
    expect(losesNothing(row.version), row.version).toBe(true)
  })

  it('leaves a file that is whole by itself when it is closed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-closed-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'store.db')
    const store = sqlite(file)
    const run = await store.open('r', { start: startOf('r') })
    await run.close('waiting')
    await store.close()
    const copy = join(folder, 'copy.db')
    copyFileSync(file, copy)
    const again = sqlite(copy)
    onTestFinished(() => again.close())
    expect((await again.read('r')).map(({ key }) => key)).toEqual(['run'])
  })

  it('is the package when that is asked for, and says what it cannot open', () => {
    const open = sqliteDriver('photostructure')
    expect(() => open(join('/nowhere', 'at', 'all.db'))).toThrow(/unable to open/)
  })
})
