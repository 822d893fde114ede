import type { RunStatus } from 'antiphon'
import type { ToolChoice } from './built-in-tools.ts'
import type { ModelChoice } from './choose-model.ts'

/** What `run` and `chat` may be told; the names are those of the command line. */
export interface CommandOptions extends ModelChoice {
  readonly maxToolCalls?: number
  readonly maxTurns?: number
  /** Events as JSON lines on standard output. */
  readonly json?: boolean
  /** Approves every call. */
  readonly yes?: boolean
  /** False: never asks. */
  readonly input?: boolean
  /** Asks in lines where there is no terminal. */
  readonly interactive?: boolean
  readonly color?: boolean
  readonly debug?: boolean
}

/** What `replay` may be told beside. */
export interface ReplayCommandOptions extends CommandOptions {
  /** Runs the agent's tools, in the place of their recorded results. */
  readonly runTools?: boolean
}

/** What `runs` does. */
export const RUNS_ACTIONS = ['list', 'show', 'export', 'cancel'] as const

/** One of `RUNS_ACTIONS`. */
export type RunsAction = (typeof RUNS_ACTIONS)[number]

/** How a run may stand. */
export const RUN_STATUSES: readonly RunStatus[] = ['running', 'waiting', 'done', 'failed', 'cancelled']

/** What `runs` may be told beside. */
export interface RunsCommandOptions extends CommandOptions {
  /** The SQLite file. */
  readonly store: string
  readonly status?: RunStatus
  readonly agent?: string
  readonly limit?: number
  readonly reason?: string
}

/** What `serve` may be told. */
export interface ServeCommandOptions extends CommandOptions, ToolChoice {
  readonly port: number
  readonly host: string
  /** SQLite file, address of a Postgres database, or `memory`. */
  readonly store: string
  /** Any name of a model is answered. */
  readonly anyModel?: boolean
  /** What cannot be honoured is left out with a warning. */
  readonly lenient?: boolean
  /** Where to tell of finished background responses. */
  readonly webhook?: string
}
