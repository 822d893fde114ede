import { isAntiphonError, type Stop } from 'antiphon'

/** What the program's exit code says. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  approval: 4,
  cancelled: 130,
} as const

/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The table of `--help`. */
export const EXIT_HELP = `Exit codes:
  0    done
  1    the run failed, or does not go the way of its log
  2    wrong usage or configuration: arguments, agent file, key
  3    stopped at a limit, or the answer is incomplete
  4    calls wait for approval, and nobody could be asked
  130  cancelled (Ctrl-C)`

/** The exit code of a run that has stopped. */
export const exitCodeOf = (stop: Stop): ExitCode => {
  switch (stop.reason) {
    case 'done':
    case 'stop_when':
      return EXIT.done
    case 'limit':
    case 'incomplete':
      return EXIT.incomplete
    case 'approval':
      return EXIT.approval
    case 'cancelled':
      return EXIT.cancelled
    case 'error':
      return EXIT.failed
  }
}

/** Errors that another set-up mends. */
const USAGE_CODES = new Set([
  'usage',
  'agent_file',
  'invalid_config',
  'duplicate_tool',
  'schema_not_expressible',
  'missing_api_key',
  'invalid_base_url',
  'egress_refused',
  'authentication',
])

/** The exit code of an error. */
export const exitCodeOfError = (error: unknown): ExitCode => {
  if (!isAntiphonError(error)) return EXIT.failed
  if (error.code === 'limit_reached') return EXIT.incomplete
  return USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.failed
}
