import type { PostgresOptions } from '@antiphon/store/postgres'
import { postgres } from '@antiphon/store/postgres'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { ended, eventOf, startOf, stepOf } from './sample-records.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)

afterAll(() => server?.stop())

const place = async () => {
  const url = await server.schema()
  return (options?: PostgresOptions) => {
    const store = postgres(url, options)
    onTestFinished(() => store.close())
    return store
  }
}

/** Ends all connections of stores, as a network does that goes away for a moment. */
const cutConnections = () =>
  server.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'antiphon'`)

it('says that there is no database, or no such user, and never the password', async () => {
  const url = new URL(server.url)
  url.port = '1'
  const nobody = postgres(url.href, { reconnectMs: 100 })
  await expect(nobody.list()).rejects.toMatchObject({
    code: 'store_failed',
    retryable: true,
    message: expect.stringContaining('no connection'),
  })
  await nobody.close()
  const wrong = new URL(server.url)
  wrong.password = 'not-the-password'
  const stranger = postgres(wrong.href)
  const error = await stranger.list().catch((reason: unknown) => reason as Error)
  expect(error).toMatchObject({ code: 'store_failed', message: expect.stringContaining('password') })
  expect(JSON.stringify([String(error), error])).not.toContain('not-the-password')
  await stranger.close()
})

it('goes on when its connections were cut: reads, writes, and its hold on the run', async () => {
  const open = await place()
  const store = open()
  const other = open()
  const run = await store.open('r', { start: startOf('r') })
  await run.append(stepOf(0))
  await cutConnections()
  await expect
    .poll(() =>
      run.append(stepOf(1)).then(
        () => true,
        (error) => error.retryable,
      ),
    )
    .toBe(true)
  expect((await store.read('r')).length).toBeGreaterThanOrEqual(2)
  // The lock is taken again; until then another process may take the run, and this one is fenced.
  await expect
    .poll(
      () =>
        other.open('r').then(
          () => 'taken',
          (error) => error.code,
        ),
      { timeout: 10_000 },
    )
    .toMatch(/run_busy|taken/)
  await expect.poll(async () => (await store.abandoned()).length, { timeout: 10_000 }).toBe(0)
})

it('takes its lock again with the same number, so that its runs stay its own', async () => {
  const open = await place()
  const store = open()
  const run = await store.open('r', { start: startOf('r') })
  await cutConnections()
  const locks = () =>
    server.query<{ n: number }>(
      `select count(*)::int as n from pg_locks l join pg_stat_activity a using (pid) where locktype = 'advisory' and application_name = 'antiphon'`,
    )
  await expect.poll(async () => (await locks())[0]?.n, { timeout: 10_000 }).toBe(1)
  await expect(open().open('r')).rejects.toMatchObject({ code: 'run_busy' })
  await run.append(stepOf(0))
  await run.close('done')
})

it('fails a write while the database is away, and reads, follows, writes and closes when it is back', async () => {
  const open = await place()
  const store = open({ reconnectMs: 200 })
  const reader = open({ reconnectMs: 20_000 })
  const run = await store.open('r', { start: startOf('r') })
  const closing = await store.open('s', { start: startOf('s') })
  await run.append(stepOf(0))
  await run.appendEvents([eventOf(0)])
  const heard = (async () => {
    const events = []
    for await (const { seq, event } of reader.follow('r')) events.push(`${seq} ${event.type}`)
    return events
  })()
  await server.crash()
  await expect(run.append(stepOf(1))).rejects.toMatchObject({
    code: 'store_failed',
    retryable: true,
    message: expect.stringContaining('resume the run'),
  })
  await expect(store.get('r')).rejects.toMatchObject({ code: 'store_failed', retryable: true })
  await closing.close('done')
  await server.restart()
  await expect
    .poll(
      () =>
        store.get('r').then(
          (found) => found?.status,
          () => '',
        ),
      { timeout: 20_000 },
    )
    .toBe('running')
  await expect.poll(async () => (await reader.get('s'))?.status, { timeout: 20_000 }).toBe('done')
  await run.append(stepOf(1))
  await run.appendEvents([eventOf(1), ended])
  await run.close('done')
  expect((await reader.read('r')).map(({ key }) => key)).toEqual(['run', 't0/model', 't1/model'])
  expect(await heard).toEqual(['1 turn.started', '2 turn.started', '3 run.ended'])
}, 60_000)

it('rolls a transaction back that failed in the middle, and the connection works on', async () => {
  const open = await place()
  const store = open({ maxConnections: 1 })
  for (let n = 0; n < 3; n++) {
    await expect(store.decide('r', [])).rejects.toMatchObject({ code: 'run_unknown' })
    await expect(store.fork('r', { runId: 's' })).rejects.toMatchObject({ code: 'run_unknown' })
  }
  const run = await store.open('r', { start: startOf('r') })
  await Promise.all(Array.from({ length: 20 }, (_, n) => run.append(stepOf(n))))
  expect(await store.read('r')).toHaveLength(21)
})
