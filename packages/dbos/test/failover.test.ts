import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, createWorker, type Engine, type WorkerOptions } from '@antiphon/dbos'
import { postgres } from '@antiphon/store/postgres'
import { approve } from 'antiphon'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Database, startDatabase } from './database.ts'
import { inputOf, makeBench } from './workbench.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

// Processes are started one after the other, and the machine has other things to do.
const WAIT_MS = 45_000
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

let database: Database
let folder: string
let queue: string
let engine: Engine

beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-effects-'))
  queue = randomUUID()
  engine = createEngine({ databaseUrl: database.url, queue })
})
afterEach(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

const worker = (options: Partial<Pick<WorkerOptions, 'hangTimeoutMs' | 'maxRecoveries'>> = {}) =>
  startWorker(folder, { ...options, databaseUrl: database.url, queue: { name: queue } })
const slow = (id: string, ms: number) => ({ name: 'slow', arguments: { id, ms } })

/** What the tools did, with the process that did it. */
const traces = async (): Promise<Array<{ what: string; pid: number }>> => {
  const text = await readFile(join(folder, 'effects'), 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [, what, pid] = /^(.+) (\d+)$/.exec(line) ?? []
    return what === undefined ? [] : [{ what, pid: Number(pid) }]
  })
}
const effects = async (): Promise<string[]> => (await traces()).map(({ what }) => what)
const until = async (effect: string): Promise<void> => {
  await expect.poll(effects, { timeout: WAIT_MS, interval: 20 }).toContain(effect)
}
/** Which of two workers has the run, and which has not. */
const holderOf = async (workers: readonly WorkerProcess[]): Promise<[WorkerProcess, WorkerProcess]> => {
  const [first] = await traces()
  const [one, two] = workers as [WorkerProcess, WorkerProcess]
  return first?.pid === one.pid ? [one, two] : [two, one]
}
const logOf = async (runId: string) => {
  const store = postgres(database.url)
  try {
    return await store.read(runId)
  } finally {
    await store.close()
  }
}

test('a worker that hangs loses its runs, and changes nothing in them when it comes back', async () => {
  const workers = await Promise.all([worker({ hangTimeoutMs: 800 }), worker({ hangTimeoutMs: 800 })])
  const runId = await engine.start('bench', inputOf([slow('a', 1500), slow('b', 10)], [slow('c', 10)]))
  await until('end b')
  const [zombie, heir] = await holderOf(workers)
  zombie.kill('SIGSTOP')
  const outcome = await engine.result(runId, { timeoutMs: WAIT_MS })
  expect(outcome).toMatchObject({ status: 'done', text: 'a b c' })
  const log = await logOf(runId)
  const summary = await engine.get(runId)
  zombie.kill('SIGCONT')
  // Its tool ends now, or is told to: either way it has been heard of again before we look.
  await expect
    .poll(
      async () =>
        (await traces()).filter(({ what, pid }) => pid === zombie.pid && /^(end|aborted) a/.test(what)),
      {
        timeout: WAIT_MS,
      },
    )
    .toHaveLength(1)
  heir.kill('SIGKILL')
  // It is a worker like any other, and takes what comes.
  const next = await engine.start('bench', inputOf([slow('next', 10)]))
  expect(await engine.result(next, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done', text: 'next' })
  expect(await logOf(runId)).toEqual(log)
  expect(await engine.get(runId)).toEqual(summary)
  expect(await engine.result(runId)).toEqual(outcome)
  expect((await traces()).find(({ what }) => what === 'begin c')?.pid).toBe(heir.pid)
})

test('a run waits for a decision without any process, is decided in another one, and is finished by a worker that comes later', async () => {
  const first = await worker()
  const runId = await engine.start(
    'bench',
    inputOf([slow('a', 10), { name: 'pay', arguments: { id: 'rent' } }]),
  )
  const waiting = await engine.result(runId, { timeoutMs: WAIT_MS })
  if (waiting.status !== 'waiting') throw new Error(`It is ${waiting.status}.`)
  expect(waiting.pending).toMatchObject([{ name: 'pay' }])
  first.kill('SIGKILL')
  await first.gone
  const decisions = waiting.pending.map((call) => approve(call))
  await engine.resume(runId, decisions)
  // Whoever is not sure that it has arrived says it again.
  await engine.resume(runId, decisions)
  await worker()
  expect(await engine.result(runId, { timeoutMs: WAIT_MS })).toMatchObject({
    status: 'done',
    text: 'a paid rent',
  })
  await engine.resume(runId, decisions)
  await expect(
    engine.resume(
      runId,
      waiting.pending.map((call) => approve(call, { arguments: { id: 'yacht' } })),
    ),
  ).rejects.toMatchObject({ code: 'decision_used' })
  expect(await effects()).toEqual(['begin a', 'end a', 'paid rent'])
})

test('a run that kills one worker after the other is given up before it has killed them all', async () => {
  const dead = await Promise.all([worker({ maxRecoveries: 1 }), worker({ maxRecoveries: 1 })])
  // It has another queue, and looks after this one all the same.
  const undertaker = createWorker({
    databaseUrl: database.url,
    agents: [],
    maxRecoveries: 1,
    queue: { name: `${queue}-other` },
  })
  await undertaker.start()
  const runId = await engine.start('bench', inputOf([{ name: 'die', arguments: { id: 'poison' } }]))
  expect(await engine.result(runId, { timeoutMs: WAIT_MS })).toMatchObject({
    status: 'failed',
    error: { code: 'run_poisoned' },
  })
  await Promise.all(dead.map(({ gone }) => gone))
  expect(await effects()).toEqual(['begin poison', 'begin poison'])
  await undertaker.stop()
})

test('a run goes on when all connections to the database are lost in the middle of it', async () => {
  const here = createWorker({
    databaseUrl: database.url,
    queue: { name: queue },
    agents: makeBench(folder).agents,
  })
  await here.start()
  const runId = await engine.start('bench', inputOf([slow('a', 300)], [slow('b', 300)], [slow('c', 300)]))
  const end = engine.result(runId, { timeoutMs: WAIT_MS })
  for (const effect of ['begin a', 'end a', 'begin b']) {
    await until(effect)
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'runs' and application_name <> 'test'`,
    )
  }
  expect(await end).toMatchObject({ status: 'done', text: 'a b c' })
  const log = await logOf(runId)
  expect(new Set(log.map(({ key }) => key)).size).toBe(log.length)
  await here.stop()
})

test('a worker that is stopped ends what it has, hands over what takes longer, and leaves nothing open', async () => {
  const first = await worker()
  const short = await engine.start('bench', inputOf([slow('short', 600)]))
  const long = await engine.start(
    'bench',
    inputOf([slow('kept', 10), slow('long', 2500)], [slow('last', 10)]),
  )
  await until('begin long')
  await until('begin short')
  await first.stop(1500)
  expect(await engine.get(short)).toMatchObject({ status: 'done' })
  expect(await engine.get(long)).toMatchObject({ status: 'running' })
  const second = await worker()
  expect(await engine.result(long, { timeoutMs: WAIT_MS })).toMatchObject({
    status: 'done',
    text: 'kept long last',
  })
  await second.stop()
  const left = await effects()
  expect(left.filter((what) => what === 'begin kept')).toHaveLength(1)
  expect(left.filter((what) => what === 'begin short')).toHaveLength(1)
  expect(
    await database.query('select executor_id from dbos_antiphon.workers where executor_id like $1', [
      `${queue}%`,
    ]),
  ).toEqual([])
})
