import type { Limits, Run } from 'antiphon'
import {
  type Approver,
  type Ask,
  approveEverything,
  askNobody,
  createApprover,
} from './approvals/approver.ts'
import { askByLine } from './approvals/ask-by-line.ts'
import { EXIT, type ExitCode, exitCodeOfError } from './exit-code.ts'
import { createInterrupt, type Interrupt } from './interrupt.ts'
import { createLineSource, type LineSource } from './line-source.ts'
import { offlineNotice } from './offline-notice.ts'
import type { CommandOptions } from './options.ts'
import { presentJson } from './present-json.ts'
import { presentText } from './present-text.ts'
import type { Presenter } from './presenter.ts'
import { reserveStandardOutput } from './standard-output.ts'
import { createReport, type Report } from './terminal/report.ts'
import { createTerminal, type Terminal } from './terminal/terminal.ts'

/** All that a command works with: where it shows, whom it asks, what stops it. */
export interface Session {
  readonly terminal: Terminal
  /** Standard output, for commands that answer with a listing. */
  readonly report: Report
  readonly presenter: Presenter
  readonly approve: Approver
  readonly interrupt: Interrupt
  readonly limits: Limits
  /** Says once that the embedded model answers. */
  readonly watchModel: (run: Run<unknown>) => void
  /** Lines of standard input; opened on first use. */
  lines(): LineSource
}

/** Opens a session, runs a command in it and ends the process with the command's exit code. */
export const inSession = async (
  options: CommandOptions,
  command: (session: Session) => Promise<ExitCode>,
): Promise<never> => {
  const output = reserveStandardOutput(() => interrupt.fire())
  const terminal = createTerminal({ writeAnswer: output.write, color: options.color })
  const interrupt = createInterrupt(() => terminal.stop())
  const presenter = options.json
    ? presentJson(output.write, terminal.line)
    : presentText(terminal, options.debug === true)
  const exit = async (code: ExitCode): Promise<never> => {
    terminal.stop()
    await output.flush()
    // Tools that do not stop when they are told to, and open connections, would keep the process.
    process.exit(code)
  }
  let failed = false
  const fail = (error: unknown): Promise<never> => {
    const exitCode = exitCodeOfError(error)
    // What fails while a failure is told must not be told in turn.
    if (failed) return process.exit(exitCode)
    failed = true
    presenter.end({ exitCode, error })
    return exit(exitCode)
  }
  // A promise that an agent file has let go of.
  process.on('uncaughtException', (error) => void fail(error))

  let opened: LineSource | undefined
  const lines = (): LineSource => {
    opened ??= createLineSource(process.stdin, process.stderr)
    return opened
  }
  const session: Session = {
    terminal,
    report: createReport(output.write, options.color),
    presenter,
    interrupt,
    lines,
    approve: createApprover(chooseAsk(options, lines, terminal)),
    watchModel: options.model === undefined ? offlineNotice(presenter.note) : () => undefined,
    limits: {
      ...(options.maxToolCalls === undefined ? {} : { toolCalls: options.maxToolCalls }),
      ...(options.maxTurns === undefined ? {} : { turns: options.maxTurns }),
    },
  }
  let code: ExitCode = EXIT.failed
  try {
    code = await command(session)
  } catch (error) {
    return await fail(error)
  }
  return await exit(code)
}

const chooseAsk = (options: CommandOptions, lines: () => LineSource, terminal: Terminal): Ask => {
  if (options.yes) return approveEverything
  if (options.input === false) return askNobody
  if (process.stdin.isTTY && process.stderr.isTTY)
    return async (call) => {
      // Loaded when it is needed: most runs ask nothing.
      const { askInMenu } = await import('./approvals/ask-in-menu.ts')
      return askInMenu(call)
    }
  return options.interactive ? (call) => askByLine(lines(), terminal.line)(call) : askNobody
}
