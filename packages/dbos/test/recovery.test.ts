import { randomInt, randomUUID } from 'node:crypto'
import { createEngine, createWorker, type Engine, type Worker } from '@antiphon/dbos'
import { postgres } from '@antiphon/store/postgres'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Database, startDatabase } from './database.ts'

vi.setConfig({ hookTimeout: 60_000 })

let database: Database
let worker: Worker
let engine: Engine
let runId: string

beforeAll(async () => {
  database = await startDatabase()
  // It recovers what others had, and takes nothing itself: the runs lie in a queue that has no worker.
  worker = createWorker({
    databaseUrl: database.url,
    agents: [],
    queue: { name: 'other' },
    maxRecoveries: 2,
    reapIntervalMs: 50,
  })
  await worker.start()
  engine = createEngine({ databaseUrl: database.url })
})
afterAll(async () => {
  await engine.close()
  await worker.stop()
  await database.stop()
})
beforeEach(async () => {
  runId = await engine.start('bench', 'Hello', { priority: 7 })
})

/** A worker takes the workflow and dies. */
const lose = async (workflowId: string): Promise<void> => {
  const executorId = `dead-${randomUUID()}`
  await database.query(
    `update dbos.workflow_status set status = 'PENDING', executor_id = $1, owner_xid = 'gone' where workflow_uuid = $2`,
    [executorId, workflowId],
  )
  await database.query('insert into dbos_antiphon.workers (executor_id, lock_key) values ($1, $2)', [
    executorId,
    randomInt(2 ** 40),
  ])
  const rows = (): Promise<unknown[]> =>
    database.query('select 1 from dbos_antiphon.workers where executor_id = $1', [executorId])
  await expect.poll(rows, { timeout: 10_000 }).toEqual([])
}
const statesOf = async (id: string): Promise<string[]> => {
  const rows = await database.query<{ id: string; status: string }>(
    `select workflow_uuid as id, status from dbos.workflow_status
     where attributes @> jsonb_build_object('antiphonRun', $1::text) order by created_at`,
    [id],
  )
  // What has waited long enough is queued again, every second.
  return rows.map((row) => `${row.id.slice(id.length)} ${row.status.replace('DELAYED', 'ENQUEUED')}`)
}

test('a run comes back at once the first time, later the second time, and is given up the third time; then it can be resumed', async () => {
  await lose(runId)
  expect(await statesOf(runId)).toEqual([' ENQUEUED'])
  await lose(runId)
  expect(await statesOf(runId)).toEqual([' CANCELLED', '#1 ENQUEUED'])
  const [later] = await database.query(
    'select priority, queue_name, delay_until_epoch_ms > created_at as later from dbos.workflow_status where workflow_uuid = $1',
    [`${runId}#1`],
  )
  expect(later).toEqual({ priority: 7, queue_name: 'antiphon', later: true })
  expect(await engine.get(runId)).toMatchObject({ status: 'running' })
  await lose(`${runId}#1`)
  expect(await statesOf(runId)).toEqual([' CANCELLED', '#1 CANCELLED'])
  expect(await engine.result(runId)).toMatchObject({ status: 'failed', error: { code: 'run_poisoned' } })
  await engine.resume(runId, [])
  expect(await statesOf(runId)).toEqual([' CANCELLED', '#1 CANCELLED', '#2 ENQUEUED'])
  await lose(`${runId}#2`)
  expect(await statesOf(runId)).toEqual([' CANCELLED', '#1 CANCELLED', '#2 ENQUEUED'])
})

test('a run that gets on between two deaths is counted anew, however often its workers die', async () => {
  const store = postgres(database.url)
  for (let step = 0; step < 5; step++) {
    await lose(runId)
    expect(await statesOf(runId)).toEqual([' ENQUEUED'])
    const open = await store.open(runId)
    await open.append({ key: `t${step}/model`, kind: 'model', at: 0, value: {} })
    await open.close('running')
  }
  await store.close()
})

test('a run that was cancelled, or had ended, is not begun again by a recovery that comes too late', async () => {
  await engine.cancel(runId, 'enough')
  await lose(runId)
  await lose(runId)
  expect(await engine.get(runId)).toMatchObject({ status: 'cancelled' })
  const store = postgres(database.url)
  const done = await engine.start('bench', 'Hello')
  const open = await store.open(done)
  const usage = {
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    totalTokens: 0,
    requests: 0,
  }
  await open.append({
    key: 'end',
    kind: 'end',
    at: 0,
    value: { stop: { reason: 'done' }, usage, text: 'Hi' },
  })
  await open.close('done')
  for (const id of [done, done, `${done}#1`]) await lose(id)
  expect(await engine.result(done)).toEqual({ status: 'done', stop: { reason: 'done' }, usage, text: 'Hi' })
  await store.close()
})

test('the runs of a worker whose row is lost are found by a worker that starts', async () => {
  await database.query(
    `update dbos.workflow_status set status = 'PENDING', executor_id = 'forgotten' where workflow_uuid = $1`,
    [runId],
  )
  await worker.stop()
  await worker.start()
  await expect.poll(() => statesOf(runId), { timeout: 10_000 }).toEqual([' ENQUEUED'])
})
