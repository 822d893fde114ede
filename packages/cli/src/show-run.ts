import type { Run, RunResult } from 'antiphon'
import { followRun } from './terminal/follow-run.ts'
import { summaryLine } from './terminal/format.ts'
import { createRenderer } from './terminal/render.ts'
import { createTerminal } from './terminal/terminal.ts'

/**
 * Shows a run as `antiphon run` does, and gives its result: the answer streams to standard output; each call, with its waiting and running
 * time, and a last line with tokens and cost go to standard error. Call it at once after `agent.run()`, so that nothing is missed.
 *
 * @throws RunError when the run failed.
 */
export const showRun = async <Output>(run: Run<Output>): Promise<RunResult<Output>> => {
  const terminal = createTerminal()
  const started = performance.now()
  followRun(run as Run<unknown>, createRenderer(terminal), terminal)
  try {
    const result = await run.result()
    terminal.line(terminal.colors.dim(summaryLine(result, performance.now() - started)))
    return result
  } finally {
    terminal.stop()
  }
}
