import { ConfigError } from 'antiphon'
import { isPlain } from './record-key.ts'

/** Longer ids would not fit an index of Postgres beside a key. */
const MAX_ID_CHARS = 255

/** Whether a run can have this id: databases have no text with NUL, or with half a character. */
export const isRunId = (runId: unknown): runId is string =>
  typeof runId === 'string' && runId.length > 0 && runId.length <= MAX_ID_CHARS && isPlain(runId)

/** @throws ConfigError `invalid_config` for an id that cannot be kept. */
export const checkRunId = (runId: string): string => {
  if (isRunId(runId)) return runId
  throw new ConfigError(
    'invalid_config',
    `runId: expected 1 to ${MAX_ID_CHARS} characters of well-formed text without NUL, got ${typeof runId === 'string' ? JSON.stringify(runId).slice(0, 60) : typeof runId}.`,
  )
}
