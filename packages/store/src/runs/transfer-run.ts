import { formatRecord, JournalError, type LogRecord, parseLog, type RunStart, type RunStatus } from 'antiphon'
import { inlineSession } from '../sessions/inline-session.ts'
import { DuplicateRow } from '../sql.ts'
import { lineageOf, readRows } from './lineage.ts'
import { decodeRecords, encodeRecord, RECORD_COLUMNS, RECORD_VALUES, type RecordRow } from './record-row.ts'
import { checkRunId } from './run-id.ts'
import { needRun } from './run-row.ts'
import { checkStart, startHash } from './run-start.ts'
import type { RunsDatabase } from './runs-database.ts'

/** Records per query: a log of any length goes out in pieces. */
const PIECE = 256

/** The log of a run as JSON lines, each with its line break. What a branch shares is in it. */
export async function* exportRun(
  { sql }: RunsDatabase,
  runId: string,
): AsyncGenerator<string, void, undefined> {
  const stretches = await lineageOf(sql, runId, await needRun(sql, runId))
  for (let after = 0; ; ) {
    const until = after + PIECE
    const piece = stretches
      .map((stretch) => ({ ...stretch, upTo: Math.min(stretch.upTo, until) }))
      .filter((stretch) => stretch.upTo > stretch.after)
    const rows = await readRows<RecordRow>(sql, piece, `seq, ${RECORD_COLUMNS}`, after)
    if (rows.length === 0) return
    for (const record of await inlineSession(sql, await decodeRecords(sql, runId, rows)))
      yield formatRecord(record)
    after = until
  }
}

/** How a log comes in. */
export interface ImportOptions {
  /** Id of the run it becomes. @defaultValue that of the log */
  readonly runId?: string
}

/** Makes a run of JSON lines. Returns its id. */
export const importRun = async (
  database: RunsDatabase,
  lines: string | Iterable<string> | AsyncIterable<string>,
  { runId: wanted }: ImportOptions = {},
): Promise<string> => {
  const { records, damage } = parseLog(typeof lines === 'string' ? lines : await textOf(lines))
  if (damage !== undefined)
    throw new JournalError(
      'log_damaged',
      `The log is damaged at line ${damage.line}: ${damage.reason}. The ${records.length} records before it are whole: import the lines up to there.`,
    )
  const start = checkStart(wanted ?? '', records[0])
  const runId = checkRunId(wanted ?? start.runId)
  const value = database.transform({ ...start, runId }) as RunStart
  try {
    await database.sql.transaction(async (session) => {
      const first = records[0]?.at ?? Date.now()
      const status = statusOf(records)
      await session.run(
        `insert into antiphon_runs (run_id, agent, status, epoch, created_at, updated_at, error, start_hash) values (?, ?, ?, 0, ?, ?, ?, ?)`,
        [
          runId,
          start.agent,
          status,
          first,
          Date.now(),
          status === 'failed' ? INTERRUPTED : null,
          startHash(value),
        ],
      )
      for (const record of records) {
        const own = record.seq === 1 ? { ...record, value } : record
        const encoded = await encodeRecord(database, session, runId, own)
        await session.run(
          `insert into antiphon_records (run_id, seq, ${RECORD_COLUMNS}) select cast(? as text), cast(? as bigint), ${RECORD_VALUES}`,
          [runId, record.seq, ...encoded],
        )
      }
    })
  } catch (error) {
    if (!(error instanceof DuplicateRow)) throw error
    throw new JournalError(
      'run_conflict',
      `There is a run "${runId}" already. Import the log under another runId.`,
    )
  }
  return runId
}

/** Pieces of text, whose borders need not be those of the lines. */
const textOf = async (pieces: Iterable<string> | AsyncIterable<string>): Promise<string> => {
  const all: string[] = []
  for await (const piece of pieces) all.push(piece)
  return all.join('')
}

const INTERRUPTED = JSON.stringify({ code: 'interrupted', message: 'The log was imported before its end.' })

/** How the run of a log stands: one that was cut can be resumed. */
const statusOf = (records: readonly LogRecord[]): RunStatus => {
  const end = records.find(({ kind }) => kind === 'end')
  if (end !== undefined)
    return (end.value as { stop?: { reason?: unknown } } | null)?.stop?.reason === 'cancelled'
      ? 'cancelled'
      : 'done'
  const last = records.at(-1)?.kind
  return last === 'wait' || last === 'decision' ? 'waiting' : 'failed'
}
