import { createHash } from 'node:crypto'
import { JournalError, LOG_VERSION, type LogRecord, type RunStart } from 'antiphon'
import type { SqlSession } from '../sql.ts'
import { decodeRecords, RECORD_COLUMNS, type RecordRow } from './record-row.ts'

/** What tells a second start of a run from another run of the same id: its agent and its input, as they are kept. */
export const startHash = ({ agent, input }: Pick<RunStart, 'agent' | 'input'>): string =>
  createHash('sha256')
    .update(JSON.stringify([agent, input]))
    .digest('hex')

/** @throws JournalError `log_version` when a newer version wrote the log; `log_damaged` when it does not begin as a log. */
export const checkStart = (runId: string, first: LogRecord | undefined): RunStart => {
  const start = first?.value as Partial<RunStart> | null | undefined
  if (first?.kind !== 'run' || typeof start?.version !== 'number')
    throw new JournalError('log_damaged', `The log of run "${runId}" does not begin with the record \`run\`.`)
  if (start.version > LOG_VERSION)
    throw new JournalError(
      'log_version',
      `The log of run "${runId}" has version ${start.version}; this version reads up to ${LOG_VERSION}. Use the version of Antiphon that wrote it.`,
    )
  return start as RunStart
}

/** What a run was started with. */
export const readStart = async (sql: SqlSession, runId: string): Promise<RunStart> => {
  const rows = await sql.all<RecordRow>(
    `select seq, ${RECORD_COLUMNS} from antiphon_records where run_id = ? and seq = 1`,
    [runId],
  )
  return checkStart(runId, (await decodeRecords(sql, runId, rows))[0])
}
