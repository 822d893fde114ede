import { JournalError, type RunStatus, type RunSummary, runRefusals } from 'antiphon'
import { forUpdate, type SqlSession } from '../sql.ts'
import { isRunId } from './run-id.ts'

/** A run as the table has it. */
export interface RunRow {
  readonly run_id: string
  readonly agent: string
  readonly status: RunStatus
  readonly epoch: number
  readonly owner: string | null
  readonly created_at: number
  readonly updated_at: number
  /** JSON of a code and a message. */
  readonly error: string | null
  readonly cancel_reason: string | null
  readonly parent_id: string | null
  readonly parent_seq: number
  readonly start_hash: string | null
}

export const RUN_COLUMNS =
  'run_id, agent, status, epoch, owner, created_at, updated_at, error, cancel_reason, parent_id, parent_seq, start_hash'

/** The row of a run; with `lock`, nobody else changes it until the transaction ends. */
export const findRun = async (
  sql: SqlSession,
  runId: string,
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<RunRow | undefined> => {
  if (!isRunId(runId)) return undefined
  const [row] = await sql.all<RunRow>(
    `select ${RUN_COLUMNS} from antiphon_runs where run_id = ?${lock ? forUpdate(sql) : ''}`,
    [runId],
  )
  return row
}

/** The same, for a run that has to be there. */
export const needRun = async (
  sql: SqlSession,
  runId: string,
  options?: { readonly lock?: boolean },
): Promise<RunRow> => {
  const row = await findRun(sql, runId, options)
  if (row === undefined) throw runRefusals.unknown(runId)
  return row
}

export const summaryOf = (row: RunRow): RunSummary => {
  const error = errorOf(row)
  return {
    runId: row.run_id,
    agent: row.agent,
    status: row.status,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(error === undefined ? {} : { error }),
  }
}

const errorOf = (row: RunRow): RunSummary['error'] => {
  if (row.status === 'cancelled')
    return { code: 'run_cancelled', message: row.cancel_reason ?? 'The run was cancelled.' }
  if (row.error === null) return undefined
  try {
    return JSON.parse(row.error) as { code: string; message: string }
  } catch (cause) {
    throw new JournalError('log_damaged', `Run "${row.run_id}": its error is not JSON.`, { cause })
  }
}
