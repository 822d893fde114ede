import { JournalError } from '../errors/journal-error.ts'
import { ConfigError } from '../errors.ts'

/** The errors with which every store of sessions refuses, in the same words. For whoever writes a `Session` or `Sessions`. */
export const sessionRefusals = {
  /** Another run has the session. `waitedMs` is how long it was waited for. */
  busy: (id: string, holder: string, waitedMs?: number): JournalError =>
    new JournalError(
      'session_busy',
      `Session "${id}" is in use by run "${holder}"${waitedMs === undefined ? '' : `, also after ${waitedMs} ms`}. Try again when that run is over, or open the session with onBusy: 'wait'.`,
    ),

  /** The run was opened anew, in another place, since it opened the session here; or it let go of it. */
  taken: (id: string, runId: string): JournalError =>
    new JournalError(
      'run_taken',
      `Run "${runId}" does not hold session "${id}" any more: it let go of it, or was opened anew since. Nothing was added to the session.`,
    ),

  /** A run of that id has added its items, and this one does not say that it is the same. */
  conflict: (id: string, runId: string): JournalError =>
    new JournalError(
      'run_conflict',
      `A run "${runId}" has added its items to session "${id}" already. Give each run an id of its own, or resume that run.`,
    ),

  /** There is no session of that id. */
  unknown: (id: string): JournalError => new JournalError('session_unknown', `There is no session "${id}".`),

  /** There is a session of that id already. */
  exists: (id: string): JournalError =>
    new JournalError(
      'session_exists',
      `There is a session "${id}" already. Delete it first, or choose another id.`,
    ),

  /** The session has fewer turns. */
  noSuchTurn: (id: string, at: number, turns: number): ConfigError =>
    new ConfigError(
      'invalid_config',
      `Session "${id}" has ${turns} turns: \`at\` has to be a whole number from 0 to ${turns}, got ${at}.`,
    ),
} as const

/** Longer ids would not fit an index of Postgres beside another one. */
const MAX_ID_CHARS = 255

/** The id itself, when it can be one. */
export const checkSessionId = (id: string): string => {
  // Postgres has no zero byte in a text.
  if (typeof id === 'string' && id !== '' && id.length <= MAX_ID_CHARS && !id.includes('\0')) return id
  throw new ConfigError(
    'invalid_config',
    `A session needs an id: 1 to ${MAX_ID_CHARS} characters without a zero byte.`,
  )
}
