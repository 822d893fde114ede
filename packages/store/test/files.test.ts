import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryFiles } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fileSuite, inPieces, patterned } from './file-suite.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 60_000)
afterAll(() => server?.stop())

fileSuite({
  name: 'memory',
  numRuns: 30,
  make: async () => {
    const files = memoryFiles()
    return { open: () => ({ files, close: async () => undefined }), end: async () => undefined }
  },
})

const drivers =
  process.getBuiltinModule?.('node:sqlite') === undefined
    ? ['photostructure' as const]
    : ['node' as const, 'photostructure' as const]

const onSqlite = async (driver?: 'node' | 'photostructure') => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-files-'))
  return {
    open: () => sqlite(join(folder, 'store.db'), driver === undefined ? {} : { driver }),
    end: async () => rmSync(folder, { recursive: true }),
  }
}
const onPostgres = async () => {
  const target = await server.schema()
  return { open: () => postgres(target), end: async () => undefined }
}

for (const driver of drivers)
  fileSuite({ name: `SQLite, ${driver}`, numRuns: 10, make: () => onSqlite(driver) })
fileSuite({ name: 'Postgres', numRuns: 5, make: onPostgres })

describe.each([
  { name: 'SQLite', make: () => onSqlite() },
  { name: 'Postgres', make: onPostgres },
])('files of processes that are gone, $name', ({ make }) => {
  it('are removed when they were coming, and when they were going, but not while the process is there', async () => {
    const { open, end } = await make()
    const [gone, other] = [open(), open()]
    onTestFinished(async () => {
      await other.close()
      await end()
    })
    let stop = (): void => undefined
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    const file = { tenant: 'a', filename: 'x', purpose: 'user_data' }
    const written = new Promise<void>((resolve) => {
      gone.files
        .put(
          { ...file, id: 'file-coming' },
          (async function* () {
            yield patterned(2_000_000)
            resolve()
            await stopped
          })(),
        )
        .catch(() => undefined)
    })
    await written
    await gone.files.put({ ...file, id: 'file-going' }, inPieces(patterned(2_000_000)))
    await gone.sql.run(`update antiphon_files set status = 'going' where id = 'file-going'`)
    await other.files.removeExpired()
    const rows = await other.sql.all<{ id: string }>('select id from antiphon_files')
    expect(rows).toEqual([{ id: 'file-coming' }])
    await gone.close()
    stop()
    await expect
      .poll(async () => {
        await other.files.removeExpired()
        return other.sql.all('select id from antiphon_files')
      })
      .toEqual([])
    expect(await other.sql.all('select n from antiphon_file_pieces')).toEqual([])
    expect(await other.files.usage('a')).toEqual({ files: 0, bytes: 0 })
  })
})
