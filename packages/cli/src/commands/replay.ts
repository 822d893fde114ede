import { replay, requestsOf } from 'antiphon'
import { CliError } from '../cli-error.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { jsonLine } from '../json-line.ts'
import { loadAgent } from '../load-agent.ts'
import { describeLog } from '../log/describe-log.ts'
import { logLines } from '../log/log-lines.ts'
import { type RunLog, readLog } from '../log/read-log.ts'
import { type Comparison, resumeRecorded } from '../log/resume-recorded.ts'
import type { CommandOptions, ReplayCommandOptions } from '../options.ts'
import { followTurn } from '../run-turn.ts'
import { inSession, type Session } from '../session.ts'
import { plural } from '../terminal/format.ts'
import { neutralise } from '../terminal/neutralise.ts'

/** `antiphon replay <log> [agent file]` */
export const replayCommand = (
  file: string,
  agentFile: string | undefined,
  options: ReplayCommandOptions,
): Promise<never> =>
  inSession(options, async (session) => {
    const log = readLog(file)
    if (agentFile === undefined) {
      showLog(log, options, session)
      return endWith(log.damage === undefined ? EXIT.done : EXIT.failed, options, session)
    }
    const comparison =
      log.start.recording === true || options.runTools === true
        ? await runOn(log, agentFile, options, session)
        : await resumeRecorded(await loadAgent(agentFile, options), log, session.limits)
    if (typeof comparison === 'number') return endWith(comparison, options, session)
    tell(comparison, options, session)
    return endWith(comparison.same ? EXIT.done : EXIT.failed, options, session)
  })

/** Prints a run as it was. */
export const showLog = (log: RunLog, { json }: CommandOptions, { report }: Session): void => {
  if (json === true) for (const line of logLines(log)) report.write(jsonLine(line))
  else for (const line of describeLog(log, report)) report.line(line)
}

/** In JSON the last line says how it ended, as with every command. */
const endWith = (exitCode: ExitCode, { json }: CommandOptions, { presenter }: Session): ExitCode => {
  if (json === true) presenter.end({ exitCode })
  return exitCode
}

/** Runs the agent anew: the log answers in the place of the model, and the tools are run. */
const runOn = async (
  log: RunLog,
  agentFile: string,
  options: CommandOptions,
  session: Session,
): Promise<Comparison | ExitCode> => {
  const agent = await loadAgent(agentFile, options, replay(log.records))
  const input = log.start.input.length > 0 ? log.start.input : inputOf(log)
  const { exitCode, error, result } = await followTurn(agent, input, session)
  if (error === undefined && result !== undefined)
    return exitCode === EXIT.approval || exitCode === EXIT.cancelled
      ? exitCode
      : { same: true, turns: result.turns, toolCalls: result.toolCalls }
  const { cause } = error as { cause?: unknown }
  const { code, key, path, message } = (cause ?? error) as {
    code?: unknown
    key?: string
    path?: string
    message: string
  }
  if (code !== 'replay_mismatch') throw error
  return {
    same: false,
    message,
    ...(key === undefined ? {} : { key }),
    ...(path === undefined ? {} : { path }),
  }
}

/** What a recording was first asked, where that was no list of items. */
const inputOf = ({ records }: RunLog): string => {
  const input = requestsOf(records)[0]?.request.input
  if (typeof input === 'string') return input
  throw new CliError('usage', 'The log has no input, so there is nothing to run the agent on.')
}

const tell = (comparison: Comparison, { json }: CommandOptions, { report }: Session): void => {
  if (json === true) return report.write(jsonLine({ type: 'comparison', ...comparison }))
  const { colors } = report
  if (comparison.same) {
    const { turns, toolCalls } = comparison
    return report.line(
      `${colors.green('✓')} The agent goes the way of the log: ${plural(turns, 'turn')}, ${plural(toolCalls, 'call')}.`,
    )
  }
  const { key, path, message } = comparison
  const where = [key, path].filter((part) => part !== undefined && part !== '').join(' ')
  report.line(`${colors.red('✗')} The agent goes another way${where === '' ? '' : `, at ${where}`}.`)
  report.line(neutralise(message))
}
