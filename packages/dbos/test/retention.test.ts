import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, createWorker, type Engine, type Worker } from '@antiphon/dbos'
import type { Store } from '@antiphon/store'
import { postgres } from '@antiphon/store/postgres'
import { approve } from 'antiphon'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Database, startDatabase } from './database.ts'
import { inputOf, makeBench } from './workbench.ts'

vi.setConfig({ hookTimeout: 60_000 })

const WAIT_MS = 30_000
let database: Database
let folder: string
let queue: string
let engine: Engine
let store: Store
let worker: Worker

beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-effects-'))
  queue = randomUUID()
  store = postgres(database.url)
  engine = createEngine({ databaseUrl: database.url, queue })
})
afterEach(async () => {
  await worker.stop()
  await engine.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const startWorker = async (keepFinishedMs?: number): Promise<void> => {
  worker = createWorker({
    databaseUrl: database.url,
    queue: { name: queue, perTenant: { concurrency: 9 } },
    agents: makeBench(folder).agents,
    reapIntervalMs: 20,
    ...(keepFinishedMs === undefined ? {} : { keepFinishedMs }),
  })
  await worker.start()
}
const slow = inputOf([{ name: 'slow', arguments: { id: 'a', ms: 1 } }])
const effects = async (): Promise<string[]> =>
  (await readFile(join(folder, 'effects'), 'utf8').catch(() => '')).split('\n').slice(0, -1)
const workflowsOf = async (runId: string): Promise<string[]> => {
  const rows = await database.query<{ id: string }>(
    `select workflow_uuid as id from dbos.workflow_status where attributes @> jsonb_build_object('antiphonRun', $1::text)`,
    [runId],
  )
  return rows.map(({ id }) => id).sort()
}
const start = async (agent: string, input: string): Promise<string> => {
  const runId = await engine.start(agent, input, { tenant: 'acme' })
  await engine.result(runId, { timeoutMs: WAIT_MS })
  return runId
}

test('the workflow of a run that is over goes; the run stays, and starting it again changes nothing', async () => {
  await startWorker(50)
  const runId = await start('bench', slow)
  const outcome = await engine.result(runId)
  await expect.poll(() => workflowsOf(runId)).toEqual([])
  expect(await engine.start('bench', slow, { runId, tenant: 'acme' })).toBe(runId)
  expect(await workflowsOf(runId)).toEqual([])
  expect(await engine.result(runId)).toEqual(outcome)
  expect(await effects()).toHaveLength(2)
})

test('the workflow of a run that may go on stays until the run is over, or removed', async () => {
  await startWorker(50)
  const failed = await start('broken', slow)
  const waiting = await start('bench', inputOf([{ name: 'pay', arguments: { id: 'rent' } }]))
  // Later than both, and gone: so those two were looked at.
  const done = await start('bench', slow)
  await expect.poll(() => workflowsOf(done)).toEqual([])
  expect(await workflowsOf(failed)).toEqual([failed])
  expect(await workflowsOf(waiting)).toEqual([waiting])
  const outcome = await engine.result(waiting)
  if (outcome.status !== 'waiting') throw new Error(`It is ${outcome.status}.`)
  await engine.resume(
    waiting,
    outcome.pending.map((call) => approve(call)),
  )
  expect(await engine.result(waiting, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done' })
  await store.delete(failed)
  await expect.poll(async () => [...(await workflowsOf(waiting)), ...(await workflowsOf(failed))]).toEqual([])
})

test('a run that was removed can be started anew under its id, whether its workflow is still there or not', async () => {
  await startWorker()
  const runId = await start('bench', slow)
  // The worker lets go of it a moment after it is done.
  await expect.poll(() => store.delete(runId).catch(() => false)).toBe(true)
  await engine.start('bench', slow, { runId, tenant: 'acme' })
  expect(await engine.result(runId, { timeoutMs: WAIT_MS })).toMatchObject({ status: 'done' })
  expect(await workflowsOf(runId)).toEqual([runId, `${runId}#1`])
  expect(await effects()).toHaveLength(4)
})

test('a time to keep that is none is refused', () => {
  for (const keepFinishedMs of [-1, Number.NaN])
    expect(() => createWorker({ databaseUrl: database.url, agents: [], keepFinishedMs })).toThrow(
      expect.objectContaining({ code: 'invalid_options' }),
    )
})
