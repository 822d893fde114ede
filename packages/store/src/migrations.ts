import { JournalError } from 'antiphon'
import { FILE_TABLES } from './files/schema.ts'
import { RESPONSE_TABLES } from './responses/schema.ts'
import { SESSION_TABLES } from './sessions/schema.ts'
import type { Sql, SqlSession } from './sql.ts'

/** One step of the schema, forward only: what has been released is never changed, a new step is added. */
interface Migration {
  readonly version: number
  /** Statements that both databases take. Whole numbers are `bigint`, text is JSON or an id. */
  readonly statements: readonly string[]
}

const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `create table antiphon_runs (
        run_id text primary key,
        agent text not null,
        status text not null,
        epoch bigint not null,
        owner text,
        created_at bigint not null,
        updated_at bigint not null,
        error text,
        cancel_reason text
      )`,
      'create index antiphon_runs_created on antiphon_runs (created_at, run_id)',
      'create index antiphon_runs_owner on antiphon_runs (owner) where owner is not null',
      `create table antiphon_records (
        run_id text not null,
        seq bigint not null,
        key text not null,
        kind text not null,
        at bigint not null,
        step bigint,
        ms double precision,
        about text,
        value text not null,
        primary key (run_id, seq)
      )`,
      'create unique index antiphon_records_key on antiphon_records (run_id, key)',
      // A row holds the events of one write: `seq` is the last of them, `count` how many they are.
      `create table antiphon_events (
        run_id text not null,
        seq bigint not null,
        count bigint not null,
        events text not null,
        primary key (run_id, seq)
      )`,
    ],
  },
  {
    version: 2,
    statements: [
      // A run that branches from another: what stands up to `parent_seq` is the other's.
      'alter table antiphon_runs add column parent_id text',
      'alter table antiphon_runs add column parent_seq bigint not null default 0',
      // What the run was started with, to tell a second start of it from another run of its id.
      'alter table antiphon_runs add column start_hash text',
      // Fields of a record that a newer version writes.
      'alter table antiphon_records add column more text',
      'create index antiphon_runs_parent on antiphon_runs (parent_id) where parent_id is not null',
      `create index antiphon_records_waits on antiphon_records (run_id, seq) where kind in ('wait', 'decision')`,
      // Values over 256 KB, once each, and who refers to them.
      'create table antiphon_blobs (sha256 text primary key, body text not null)',
      `create table antiphon_blob_uses (
        owner text not null,
        sha256 text not null,
        primary key (owner, sha256)
      )`,
      'create index antiphon_blob_uses_sha256 on antiphon_blob_uses (sha256)',
    ],
  },
  { version: 3, statements: SESSION_TABLES },
  { version: 4, statements: RESPONSE_TABLES },
  // Versions of the tables that other packages keep beside these.
  {
    version: 5,
    statements: ['create table antiphon_components (name text primary key, version bigint not null)'],
  },
  { version: 6, statements: FILE_TABLES },
]

/** Version of the schema that this code reads and writes. */
const SCHEMA_VERSION = MIGRATIONS.reduce((last, { version }) => Math.max(last, version), 0)

/**
 * Brings the database up to date, in one transaction. Processes that do so at the same time wait for each other.
 *
 * @throws JournalError `store_version` when a newer version made it.
 */
export const migrate = async (sql: Sql): Promise<void> => {
  if ((await versionOf(sql)) === SCHEMA_VERSION) return
  await sql.transaction(async (session) => {
    if (session.dialect === 'postgres') await session.all('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK])
    const version = await versionOf(session)
    if (version > SCHEMA_VERSION)
      throw new JournalError(
        'store_version',
        `The database has schema ${version}; this version of @antiphon/store knows ${SCHEMA_VERSION}. Update @antiphon/store to the version that wrote it.`,
      )
    if (version === 0) {
      await session.run('create table antiphon_schema (version bigint not null)')
      await session.run('insert into antiphon_schema (version) values (0)')
    }
    for (const step of MIGRATIONS) {
      if (step.version <= version) continue
      for (const statement of step.statements) await session.run(statement)
    }
    await session.run('update antiphon_schema set version = ?', [SCHEMA_VERSION])
  })
}

/** Within a transaction: nobody else changes a schema until it ends. */
export const holdSchema = async (session: SqlSession): Promise<void> => {
  if (session.dialect === 'postgres') await session.run('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK])
}

/** Any number, the same in all processes and versions. */
const MIGRATION_LOCK = 7_264_101_950

/** Version of the schema; 0 where there is none. */
const versionOf = async (sql: SqlSession): Promise<number> => {
  const [there] = await sql.all<{ n: number }>(
    sql.dialect === 'postgres'
      ? `select count(*) as n from pg_class where oid = to_regclass('antiphon_schema')`
      : `select count(*) as n from sqlite_master where type = 'table' and name = 'antiphon_schema'`,
  )
  if (there?.n !== 1) return 0
  const [row] = await sql.all<{ version: number }>('select version from antiphon_schema')
  return row?.version ?? 0
}
