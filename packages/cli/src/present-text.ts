import { describeError } from './describe-error.ts'
import { EXIT } from './exit-code.ts'
import { jsonLine } from './json-line.ts'
import type { Presenter, TurnEnd } from './presenter.ts'
import { followRun } from './terminal/follow-run.ts'
import { summaryLine } from './terminal/format.ts'
import { createRenderer, type Renderer } from './terminal/render.ts'
import type { Terminal } from './terminal/terminal.ts'

/** The answer on standard output, and lines about everything else on standard error. */
export const presentText = (terminal: Terminal, debug: boolean): Presenter => {
  const { colors } = terminal
  let turn: { readonly startedAt: number; readonly renderer: Renderer } | undefined
  return {
    follow(run) {
      turn ??= { startedAt: performance.now(), renderer: createRenderer(terminal) }
      followRun(run, turn.renderer, terminal)
    },
    end(end) {
      const elapsedMs = turn === undefined ? 0 : performance.now() - turn.startedAt
      turn = undefined
      terminal.status(undefined)
      if (end.error !== undefined) terminal.line(colors.red(describeError(end.error, debug)))
      if (end.result !== undefined) terminal.line(colors.dim(summaryLine(end.result, elapsedMs)))
      if (end.exitCode === EXIT.approval) terminal.line(waitingText(end))
    },
    note: (text) => terminal.line(text),
  }
}

const waitingText = ({ result }: TurnEnd): string => {
  const pending = result?.stop.reason === 'approval' ? result.stop.pending : []
  return `${jsonLine({ type: 'pending', calls: pending } as { type: string }).trimEnd()}
These calls wait, and nobody could be asked. Run it on a terminal to decide, with --interactive to decide in lines, or with --yes to approve all.`
}
