import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { sqliteDriver } from '../src/sqlite/driver.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { allOf } from './run-conformance.ts'
import { said } from './said.ts'
import { approval, startOf, stepOf } from './sample-records.ts'
import { framesOf, rowOf } from './sample-responses.ts'

/** The schema as version 1 made it, with a run that waits; never to be changed. */
const VERSION_1 = [
  'create table antiphon_schema (version bigint not null)',
  'insert into antiphon_schema (version) values (1)',
  `create table antiphon_runs (run_id text primary key, agent text not null, status text not null, epoch bigint not null, owner text,
    created_at bigint not null, updated_at bigint not null, error text, cancel_reason text)`,
  'create index antiphon_runs_created on antiphon_runs (created_at, run_id)',
  'create index antiphon_runs_owner on antiphon_runs (owner) where owner is not null',
  `create table antiphon_records (run_id text not null, seq bigint not null, key text not null, kind text not null, at bigint not null,
    step bigint, ms double precision, about text, value text not null, primary key (run_id, seq))`,
  'create unique index antiphon_records_key on antiphon_records (run_id, key)',
  'create table antiphon_events (run_id text not null, seq bigint not null, count bigint not null, events text not null, primary key (run_id, seq))',
  `insert into antiphon_runs values ('old', 'helper', 'waiting', 3, null, 1000, 2000, null, null)`,
  `insert into antiphon_records values ('old', 1, 'run', 'run', 1000, null, null, null,
    '{"version":1,"runId":"old","agent":"helper","input":[{"type":"message","role":"user","content":"hello"}]}')`,
  `insert into antiphon_records values ('old', 2, 't0/model', 'model', 1700000000000, 0, 1.25, '{"agent":"helper","input":{"keep":0,"add":[]}}',
    '{"id":"resp_0","output":[{"type":"message","text":"answer 0"}]}')`,
  `insert into antiphon_records values ('old', 3, 't0/wait', 'wait', 1700000000000, null, null, null,
    '{"pending":[{"kind":"approval","callId":"c","name":"pay","arguments":"{}","hash":"hash-c","itemType":"function_call"}]}')`,
  `insert into antiphon_events values ('old', 2, 2, '[{"type":"turn.started","turn":0,"agent":"helper"},{"type":"turn.started","turn":1,"agent":"helper"}]')`,
]

/** What version 2 made of it. */
const VERSION_2 = [
  'alter table antiphon_runs add column parent_id text',
  'alter table antiphon_runs add column parent_seq bigint not null default 0',
  'alter table antiphon_runs add column start_hash text',
  'alter table antiphon_records add column more text',
  'create index antiphon_runs_parent on antiphon_runs (parent_id) where parent_id is not null',
  `create index antiphon_records_waits on antiphon_records (run_id, seq) where kind in ('wait', 'decision')`,
  'create table antiphon_blobs (sha256 text primary key, body text not null)',
  'create table antiphon_blob_uses (owner text not null, sha256 text not null, primary key (owner, sha256))',
  'create index antiphon_blob_uses_sha256 on antiphon_blob_uses (sha256)',
]

/** What version 3 made of that, with a session. */
const VERSION_3 = [
  'create table antiphon_turns (line text not null, n bigint not null, items text not null, count bigint not null, total bigint not null, large text, primary key (line, n))',
  `create table antiphon_lines (line text primary key, parent text, fork_at bigint not null, session bigint not null,
    foreign key (parent, fork_at) references antiphon_turns (line, n))`,
  'create index antiphon_lines_parent on antiphon_lines (parent, fork_at) where parent is not null',
  `create table antiphon_sessions (id text primary key, line text, n bigint not null, total bigint not null, created_at bigint not null,
    updated_at bigint not null, run_id text, owner text, token text, foreign key (line, n) references antiphon_turns (line, n))`,
  'create index antiphon_sessions_line on antiphon_sessions (line, n)',
  'create table antiphon_session_runs (session_id text not null, run_id text not null, line text, n bigint not null, added bigint not null, primary key (session_id, run_id))',
  `insert into antiphon_turns values ('l', 1, '[{"type":"message","role":"user","content":"hello"}]', 1, 1, null)`,
  `insert into antiphon_lines values ('l', null, 0, 1)`,
  `insert into antiphon_sessions values ('s', 'l', 1, 1, 1000, 2000, null, null, null)`,
  'update antiphon_schema set version = 3',
]

const NEWER = [
  'create table antiphon_schema (version bigint not null)',
  'insert into antiphon_schema values (1000)',
]

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)

afterAll(() => server?.stop())

const places = [
  {
    name: 'SQLite',
    make: async (statements: readonly string[]) => {
      const folder = mkdtempSync(join(tmpdir(), 'antiphon-old-'))
      const file = join(folder, 'old.db')
      const connection = sqliteDriver()(file)
      for (const statement of statements) connection.exec(statement)
      connection.close()
      const store = sqlite(file)
      onTestFinished(async () => {
        await store.close()
        rmSync(folder, { recursive: true })
      })
      return { store, again: () => sqlite(file) }
    },
  },
  {
    name: 'Postgres',
    make: async (statements: readonly string[]) => {
      const url = await server.schema()
      const schema = decodeURIComponent(url).split('search_path=')[1]
      await server.query(`begin; set local search_path = ${schema}; ${statements.join(';')}; commit`)
      const store = postgres(url)
      onTestFinished(() => store.close())
      return { store, again: () => postgres(url) }
    },
  },
]

describe.each(places)('an older database, $name', ({ make }) => {
  it('is brought up to date when it is opened, and its runs go on', async () => {
    const { store, again } = await make(VERSION_1)
    expect(await store.get('old')).toEqual({
      runId: 'old',
      agent: 'helper',
      status: 'waiting',
      createdAt: 1000,
      updatedAt: 2000,
    })
    expect((await store.read('old'))[1]).toEqual({ seq: 2, ...stepOf(0) })
    await store.decide('old', [approval('c')])
    await expect(store.open('old', { start: startOf('old', 'other') })).rejects.toMatchObject({
      code: 'run_conflict',
    })
    const run = await store.open('old', { start: startOf('old') })
    expect(run.records).toHaveLength(4)
    await run.append(stepOf(1))
    await run.close('done')
    expect(await allOf(store.follow('old', { after: 1 }))).toMatchObject([{ seq: 2, event: { turn: 1 } }])
    await store.fork('old', { at: 1, runId: 'branch' })
    const other = again()
    onTestFinished(() => other.close())
    expect(await other.read('branch')).toHaveLength(4)
    const session = await other.session('s').open('r')
    await session.append([])
    await session.release()
    await other.responses.insert(rowOf('a', 'resp_1'))
    await other.responses.appendFrames('a', 'resp_1', 1, framesOf(0, 1))
    expect(await store.responses.get('a', 'resp_1')).toMatchObject({ epoch: 1 })
  })

  it('of version 3 keeps its sessions, and takes responses', async () => {
    const { store, again } = await make([...VERSION_1, ...VERSION_2, ...VERSION_3])
    expect(await store.sessions.read('s')).toEqual([said('hello')])
    expect(await store.responses.abandoned()).toEqual([])
    await store.responses.insert(rowOf('a', 'resp_1', { idempotency: { key: 'k', bodyHash: 'h' } }))
    const other = again()
    onTestFinished(() => other.close())
    expect(await other.responses.statusOf('a', 'resp_1')).toBe('in_progress')
    expect((await other.get('old'))?.status).toBe('waiting')
  })

  it('is brought up to date once, by whichever of many is first', async () => {
    const { again } = await make(VERSION_1)
    const stores = Array.from({ length: 5 }, again)
    onTestFinished(async () => {
      await Promise.all(stores.map((store) => store.close()))
    })
    const runs = await Promise.all(stores.map((store) => store.get('old')))
    expect(runs.map((run) => run?.status)).toEqual(Array.from({ length: 5 }, () => 'waiting'))
  })

  it('is refused when a newer version made it', async () => {
    const { store } = await make(NEWER)
    await expect(store.list()).rejects.toMatchObject({
      code: 'store_version',
      retryable: false,
      message: expect.stringContaining('schema 1000'),
    })
  })
})
