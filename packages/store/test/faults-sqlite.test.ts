import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SqliteOptions, sqlite } from '@antiphon/store/sqlite'
import { LOG_VERSION } from 'antiphon'
import { expect, it, onTestFinished } from 'vitest'
import { sqliteDriver } from '../src/sqlite/driver.ts'
import { isOwnerAlive, takeOwner } from '../src/sqlite/owner-lock.ts'
import { SqliteSql } from '../src/sqlite/sqlite-sql.ts'
import { startOf, stepOf } from './sample-records.ts'

const place = () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-faults-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'store.db')
  const open = (options?: SqliteOptions) => {
    const store = sqlite(file, options)
    onTestFinished(() => store.close())
    return store
  }
  return { folder, file, open, raw: () => sqliteDriver()(file) }
}

it('says that the disk is full, keeps what was written, and goes on when there is room', async () => {
  const { file } = place()
  const connection = sqliteDriver()(file)
  const sql = new SqliteSql(connection, file, 100)
  await sql.run('create table antiphon_t (a text)')
  connection.prepare('pragma max_page_count = 40').all([])
  const fill = async (): Promise<void> => {
    for (;;) await sql.run('insert into antiphon_t values (?)', ['x'.repeat(3_000)])
  }
  await expect(fill()).rejects.toMatchObject({
    code: 'store_failed',
    retryable: true,
    message: expect.stringContaining('disk is full'),
  })
  const inTransaction = sql.transaction(async (session) => {
    await session.run('delete from antiphon_t where rowid = 1')
    await session.run('insert into antiphon_t values (?)', ['x'.repeat(300_000)])
  })
  await expect(inTransaction).rejects.toMatchObject({ message: expect.stringContaining('disk is full') })
  expect(await sql.all('select rowid from antiphon_t where rowid = 1')).toHaveLength(1)
  connection.prepare('pragma max_page_count = 4000').all([])
  await sql.run('insert into antiphon_t values (?)', ['y'])
  await sql.close()
})

it('says that another program holds the file, and goes on after', async () => {
  const { open, raw } = place()
  const store = open({ busyTimeoutMs: 50 })
  const run = await store.open('r', { start: startOf('r') })
  const other = raw()
  other.exec('begin immediate')
  await expect(run.append(stepOf(0))).rejects.toMatchObject({
    code: 'store_failed',
    retryable: true,
    message: expect.stringContaining('write lock'),
  })
  expect(await store.read('r')).toHaveLength(1)
  other.exec('rollback')
  other.close()
  await run.append(stepOf(0))
  expect(await store.read('r')).toHaveLength(2)
})

it('lets two stores of one process work on one file at the same time', async () => {
  const { open } = place()
  const stores = [open(), open(), open()]
  await Promise.all(
    stores.map(async (store, n) => {
      for (let k = 0; k < 20; k++) {
        const run = await store.open(`r${n}-${k}`, { start: startOf(`r${n}-${k}`) })
        await run.append(stepOf(0))
        await run.close('done')
      }
    }),
  )
  expect(await stores[0]?.list()).toHaveLength(60)
})

it('closes a run later when the file is locked at that moment', async () => {
  const { open, raw } = place()
  const store = open({ busyTimeoutMs: 10 })
  const run = await store.open('r', { start: startOf('r') })
  const other = raw()
  other.exec('begin immediate')
  await run.close('done')
  other.exec('rollback')
  other.close()
  await expect.poll(async () => (await store.get('r'))?.status, { timeout: 5_000 }).toBe('done')
})

it('refuses what is no SQLite file, and a folder that is not there', async () => {
  const { file, folder } = place()
  writeFileSync(file, 'this is a diary\n'.repeat(1_000))
  const diary = sqlite(file)
  await expect(diary.list()).rejects.toMatchObject({
    code: 'log_damaged',
    message: expect.stringContaining(file),
  })
  expect(readFileSync(file, 'utf8')).toContain('diary')
  const path = join(folder, 'later', 'store.db')
  const store = sqlite(path)
  await expect(store.list()).rejects.toMatchObject({
    code: 'store_failed',
    message: expect.stringContaining('folder'),
  })
  mkdirSync(join(folder, 'later'))
  expect(await store.list()).toEqual([])
  await store.close()
})

it('says where a log is damaged, and lets branch before that', async () => {
  const { open, raw } = place()
  const store = open()
  const run = await store.open('r', { start: startOf('r') })
  for (let turn = 0; turn < 5; turn++) await run.append(stepOf(turn))
  await run.close('failed')
  const other = raw()
  other.exec(`update antiphon_records set value = substr(value, 1, 20) where seq = 4`)
  other.close()
  const damage = { code: 'log_damaged', message: expect.stringContaining('seq 4 (t2/model)') }
  await expect(store.read('r')).rejects.toMatchObject(damage)
  await expect(store.open('r')).rejects.toMatchObject(damage)
  expect(await store.get('r')).toMatchObject({ status: 'failed' })
  await store.fork('r', { at: 2, runId: 'saved' })
  expect((await store.open('saved')).records).toHaveLength(3)
})

it('says that a file is damaged when pages of it are', async () => {
  const { open, file } = place()
  const store = open()
  const run = await store.open('r', { start: startOf('r') })
  for (let turn = 0; turn < 200; turn++) await run.append(stepOf(turn, 'x'.repeat(2_000)))
  await run.close('done')
  await store.close()
  truncateSync(file, 100_000)
  await expect(sqlite(file).read('r')).rejects.toMatchObject({ code: 'log_damaged' })
})

it('refuses the log of a newer version, and leaves it as it is', async () => {
  const { open, raw } = place()
  const store = open()
  const run = await store.open('r', { start: startOf('r') })
  await run.close('waiting')
  const other = raw()
  other.exec(`update antiphon_records set value = replace(value, '"version":${LOG_VERSION}', '"version":99')`)
  other.close()
  await expect(store.open('r')).rejects.toMatchObject({
    code: 'log_version',
    message: expect.stringContaining('version 99'),
  })
  expect(await store.get('r')).toMatchObject({ status: 'waiting' })
})

it('refuses ids that cannot be kept, and finds no run by them', async () => {
  const { open } = place()
  const store = open()
  for (const runId of ['', 'a\0b', '\ud800', 'x'.repeat(256), 7 as never]) {
    await expect(store.open(runId, { start: startOf('r') })).rejects.toMatchObject({ code: 'invalid_config' })
    expect(await store.get(runId)).toBeUndefined()
    expect(await store.cancel(runId)).toBe(false)
    expect(await store.delete(runId)).toBe(false)
  }
})

it('fails typed after it was closed, and closes twice', async () => {
  const { open } = place()
  const store = open()
  const run = await store.open('r', { start: startOf('r') })
  await store.close()
  await store.close()
  await expect(store.list()).rejects.toMatchObject({ code: 'store_failed' })
  await expect(run.append(stepOf(0))).rejects.toMatchObject({ code: 'store_failed' })
})

it('keeps runs in memory when asked for no file', async () => {
  const store = sqlite(':memory:')
  const run = await store.open('r', { start: startOf('r') })
  await run.append(stepOf(0))
  await expect(store.open('r')).rejects.toMatchObject({ code: 'run_busy' })
  await run.close('done')
  expect(await store.read('r')).toHaveLength(2)
  await store.close()
})

it('holds the lock of an owner until it is released, and tidies up after owners that are gone', () => {
  const { file } = place()
  const open = sqliteDriver()
  const left = `${file}-owner-00000000000000aa`
  writeFileSync(left, '')
  const mine = takeOwner(file, open)
  expect(existsSync(left)).toBe(false)
  expect(isOwnerAlive(file, mine.owner, open)).toBe(true)
  expect(isOwnerAlive(file, '00000000000000bb', open)).toBe(false)
  expect(isOwnerAlive(file, '../../etc/passwd', open)).toBe(false)
  mine.release()
  expect(isOwnerAlive(file, mine.owner, open)).toBe(false)
  expect(existsSync(`${file}-owner-${mine.owner}`)).toBe(false)
})
