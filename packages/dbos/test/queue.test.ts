import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, createWorker, type Engine, type QueueOptions } from '@antiphon/dbos'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Database, startDatabase } from './database.ts'
import { inputOf } from './workbench.ts'
import { startWorker } from './worker-process.ts'

// Processes are started one after the other, and the machine has other things to do.
const WAIT_MS = 45_000
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

let database: Database
let folder: string
let queue: string
const engines: Engine[] = []

beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-effects-'))
  queue = randomUUID()
})
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()))
  await rm(folder, { recursive: true, force: true })
})

const engineOf = (): Engine => {
  const engine = createEngine({ databaseUrl: database.url, queue })
  engines.push(engine)
  return engine
}
const worker = (options: QueueOptions = {}) =>
  startWorker(folder, { databaseUrl: database.url, queue: { ...options, name: queue } })
const slow = (id: string, ms = 10) => ({ name: 'slow', arguments: { id, ms } })
const effects = async (): Promise<string[]> => {
  const text = await readFile(join(folder, 'effects'), 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/ \d+$/, '')]))
}
const until = async (effect: string): Promise<void> => {
  await expect.poll(effects, { timeout: WAIT_MS, interval: 20 }).toContain(effect)
}
/** The most that were under way at once, by the order of what they left. */
const peakOf = (lines: readonly string[]): number => {
  let now = 0
  let peak = 0
  for (const line of lines) {
    now += line.startsWith('begin') ? 1 : -1
    peak = Math.max(peak, now)
  }
  return peak
}

test('a run that is started twice, from two processes at once, runs once; it is kept before there is any worker', async () => {
  const [one, two] = [engineOf(), engineOf()]
  const input = inputOf([slow('a')])
  const runId = `twice-${queue}`
  const ids = await Promise.all([
    one.start('bench', input, { runId }),
    two.start('bench', input, { runId }),
    two.start('bench', input, { runId }),
  ])
  expect(ids).toEqual([runId, runId, runId])
  expect(await one.get(runId)).toMatchObject({ agent: 'bench', status: 'running' })
  await worker()
  const outcome = await two.result(runId, { timeoutMs: WAIT_MS })
  expect(outcome).toMatchObject({ status: 'done', text: 'a', stop: { reason: 'done' } })
  expect(await one.start('bench', input, { runId })).toBe(runId)
  expect(await one.result(runId)).toEqual(outcome)
  expect(await effects()).toEqual(['begin a', 'end a'])
  await expect(one.start('bench', inputOf([slow('b')]), { runId })).rejects.toMatchObject({
    code: 'run_conflict',
  })
  await expect(one.start('broken', input, { runId })).rejects.toMatchObject({ code: 'run_conflict' })
  await expect(one.result('nobody')).rejects.toMatchObject({ code: 'run_unknown' })
})

test('no more runs than the queue allows are under way, over all workers; lower priority numbers go first', async () => {
  const engine = engineOf()
  const start = (id: string, priority: number) =>
    engine.start('bench', inputOf([slow(id, 200)]), { runId: `${id}-${queue}`, priority })
  const runs = [
    await start('late', 9),
    await start('b', 5),
    await start('c', 5),
    await start('d', 5),
    await start('first', 1),
  ]
  await Promise.all([worker({ concurrency: 2 }), worker({ concurrency: 2 })])
  for (const runId of runs)
    expect(await engine.result(runId, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done' })
  const lines = await effects()
  expect(lines).toHaveLength(10)
  expect(peakOf(lines)).toBe(2)
  const begun = lines.filter((line) => line.startsWith('begin'))
  expect(begun.slice(0, 2)).toContain('begin first')
  expect(begun.at(-1)).toBe('begin late')
})

test('the bounds of the worker that starts last hold from its first run on', async () => {
  const engine = engineOf()
  const runs = await Promise.all(['a', 'b', 'c'].map((id) => engine.start('bench', inputOf([slow(id, 100)]))))
  const wide = { databaseUrl: database.url, applicationVersion: 'another', agents: [] }
  const before = createWorker({ ...wide, queue: { name: queue, concurrency: 9 } })
  await before.start()
  await before.stop()
  await worker({ concurrency: 1 })
  for (const runId of runs)
    expect(await engine.result(runId, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done' })
  expect(peakOf(await effects())).toBe(1)
})

test('no more runs start in a period than the queue allows, and each tenant has bounds of its own', async () => {
  const engine = engineOf()
  const runs: string[] = []
  for (const id of ['a1', 'a2', 'a3', 'b1', 'b2'])
    runs.push(
      await engine.start('bench', inputOf([slow(id, 150)]), {
        runId: `${id}-${queue}`,
        tenant: id.slice(0, 1),
      }),
    )
  const bounds = { rate: { limit: 2, periodMs: 700 }, perTenant: { concurrency: 1 } }
  await Promise.all([worker(bounds), worker(bounds)])
  for (const runId of runs)
    expect(await engine.result(runId, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done' })
  const rows = await database.query<{ at: string }>(
    'select started_at_epoch_ms as at from dbos.workflow_status where queue_name = $1 order by 1',
    [queue],
  )
  const starts = rows.map(({ at }) => Number(at))
  expect(starts).toHaveLength(5)
  for (const [index, at] of starts.entries())
    if (index >= 2) expect(at - (starts[index - 2] ?? 0)).toBeGreaterThanOrEqual(700)
  const lines = await effects()
  for (const tenant of ['a', 'b']) expect(peakOf(lines.filter((line) => line.includes(` ${tenant}`)))).toBe(1)
})

test('a run is cancelled in the middle of a tool that another process runs; one in the queue does not start', async () => {
  const engine = engineOf()
  const other = engineOf()
  await worker({ concurrency: 1 })
  const running = await engine.start('bench', inputOf([slow('long', 60_000)], [slow('never')]))
  await until('begin long')
  const queued = await engine.start('bench', inputOf([slow('never')]))
  expect(await other.cancel(queued)).toBe(true)
  expect(await other.cancel(running, 'enough')).toBe(true)
  expect(await engine.result(running, { timeoutMs: WAIT_MS })).toEqual({
    status: 'cancelled',
    error: { code: 'run_cancelled', message: expect.stringContaining('enough') },
  })
  await until('aborted long')
  expect(await engine.result(queued)).toMatchObject({ status: 'cancelled' })
  const next = await engine.start('bench', inputOf([slow('next')]))
  expect(await engine.result(next, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done' })
  expect(await other.cancel(next)).toBe(false)
  expect(await other.cancel(running)).toBe(false)
  await expect(other.resume(running, [])).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(await effects()).toEqual(['begin long', 'aborted long', 'begin next', 'end next'])
})

test('a run that failed says so and is tried again where it failed; an agent that no worker knows is named', async () => {
  const engine = engineOf()
  await worker()
  const failed = await engine.start('broken', inputOf([slow('a')]))
  expect(await engine.result(failed, { timeoutMs: WAIT_MS })).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('the model is away') },
  })
  await writeFile(join(folder, 'mended'), '')
  await engine.resume(failed, [])
  expect(await engine.result(failed, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done', text: 'a' })
  await engine.resume(failed, [])
  const unknown = await engine.start('nobody', 'Hello')
  expect(await engine.result(unknown, { timeoutMs: WAIT_MS })).toMatchObject({
    status: 'failed',
    error: { code: 'agent_unknown', message: expect.stringContaining('bench, broken') },
  })
  expect(await effects()).toEqual(['begin a', 'end a'])
})

test('options that cannot be meant are refused, and one process has one worker', async () => {
  const place = { databaseUrl: database.url, agents: [] }
  const refused = (options: object) => {
    expect(() => createWorker({ ...place, ...options })).toThrow(
      expect.objectContaining({ name: 'EngineError', code: 'invalid_options' }),
    )
  }
  refused({ queue: { concurrency: 0 } })
  refused({ queue: { concurrency: 1, workerConcurrency: 2 } })
  refused({ queue: { rate: { limit: 1, periodMs: Number.NaN } } })
  refused({ hangTimeoutMs: 100 })
  refused({ systemSchema: 'a"b' })
  const one = createWorker({ ...place, queue: { name: queue } })
  const two = createWorker({ ...place, queue: { name: queue } })
  await one.start()
  await expect(two.start()).rejects.toMatchObject({ code: 'worker_exists' })
  await expect(one.start()).rejects.toMatchObject({ code: 'worker_exists' })
  await one.stop()
  await two.start()
  await two.stop()
  await two.stop()
})
