import type { RunStatus, RunSummary } from 'antiphon'
import type { SqlSession, SqlValue } from '../sql.ts'
import { RUN_COLUMNS, type RunRow, summaryOf } from './run-row.ts'

/** Which runs to list. */
export interface RunListOptions {
  readonly status?: RunStatus
  /** Name of the agent. */
  readonly agent?: string
  /** Only runs before this one: the last of the page before. */
  readonly before?: Pick<RunSummary, 'runId' | 'createdAt'>
  /** @defaultValue 100 */
  readonly limit?: number
}

/** Runs, the newest first. */
export const listRuns = async (
  sql: SqlSession,
  { status, agent, before, limit = 100 }: RunListOptions = {},
): Promise<RunSummary[]> => {
  const where: string[] = []
  const values: SqlValue[] = []
  if (status !== undefined) {
    where.push('status = ?')
    values.push(status)
  }
  if (agent !== undefined) {
    where.push('agent = ?')
    values.push(agent)
  }
  if (before !== undefined) {
    where.push('(created_at, run_id) < (?, ?)')
    values.push(before.createdAt, before.runId)
  }
  const rows = await sql.all<RunRow>(
    `select ${RUN_COLUMNS} from antiphon_runs${where.length === 0 ? '' : ` where ${where.join(' and ')}`} order by created_at desc, run_id desc limit ?`,
    [...values, limit],
  )
  return rows.map(summaryOf)
}
