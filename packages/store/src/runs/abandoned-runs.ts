import type { RunSummary } from 'antiphon'
import { RUN_COLUMNS, type RunRow, summaryOf } from './run-row.ts'
import type { RunsDatabase } from './runs-database.ts'

/** Runs that were going on in a process that is gone. Whoever resumes them goes on where they stopped. */
export const abandonedRuns = async ({ sql, presence }: RunsDatabase): Promise<RunSummary[]> => {
  const owners = await sql.all<{ owner: string }>(
    `select distinct owner from antiphon_runs where owner is not null and status = 'running'`,
  )
  const gone: RunSummary[] = []
  for (const { owner } of owners) {
    if (await presence.isAlive(owner, sql)) continue
    const rows = await sql.all<RunRow>(
      `select ${RUN_COLUMNS} from antiphon_runs where owner = ? and status = 'running' order by created_at, run_id`,
      [owner],
    )
    gone.push(...rows.map(summaryOf))
  }
  return gone
}
