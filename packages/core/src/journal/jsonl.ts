import { JournalError } from '../errors/journal-error.ts'
import { LOG_VERSION, type LogRecord } from './log-record.ts'

/** What could be read of a log. */
export interface ParsedLog {
  /** All records up to the damage. */
  readonly records: LogRecord[]
  /** Where reading had to stop, and why: a line from 1. */
  readonly damage?: { readonly line: number; readonly reason: string }
}

/** A record as one line of JSON, with its line break. */
export const formatRecord = (record: LogRecord): string => `${JSON.stringify(record)}\n`

/** A log as JSON lines. Its header is its first record, `run`. */
export const formatLog = (records: Iterable<LogRecord>): string => {
  let text = ''
  for (const record of records) text += formatRecord(record)
  return text
}

/**
 * Reads a log from JSON lines, up to where it is damaged: a line that was cut, a record that is missing, or one that is none. Fields and kinds that are not known are kept
 * as they are. Empty lines say nothing.
 *
 * @throws JournalError `log_version` when a newer version wrote it.
 */
export const parseLog = (text: string | Iterable<string>): ParsedLog => {
  const records: LogRecord[] = []
  const keys = new Set<string>()
  let line = 0
  for (const source of typeof text === 'string' ? linesOf(text) : text) {
    line++
    if (source.trim() === '') continue
    const record = parseLine(source)
    const reason = typeof record === 'string' ? record : problemOf(record, records.length + 1, keys)
    if (reason !== undefined) return { records, damage: { line, reason } }
    keys.add((record as LogRecord).key)
    records.push(record as LogRecord)
  }
  return records.length > 0 ? { records } : { records, damage: { line: 1, reason: 'the log is empty' } }
}

function* linesOf(text: string): Iterable<string> {
  let from = text.charCodeAt(0) === 0xfeff ? 1 : 0
  for (;;) {
    const end = text.indexOf('\n', from)
    yield end === -1 ? text.slice(from) : text.slice(from, end)
    if (end === -1) return
    from = end + 1
  }
}

const parseLine = (line: string): Partial<LogRecord> | string => {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    return 'it holds no record'
  } catch {
    return `it is not JSON${/[}\]]\s*$/.test(line) ? '' : ', and seems to be cut'}`
  }
}

/** What is wrong with a record that should be number `seq`. */
const problemOf = (
  record: Partial<LogRecord>,
  seq: number,
  keys: ReadonlySet<string>,
): string | undefined => {
  const { key, kind } = record
  if (seq === 1 && kind === 'run') checkVersion(record.value)
  if (record.seq !== seq)
    return `expected record ${seq}, got ${typeof record.seq === 'number' ? record.seq : 'one without a number'}`
  if (typeof key !== 'string' || key === '') return 'the record has no `key`'
  if (keys.has(key)) return `there is a record \`${key}\` before`
  if (typeof kind !== 'string') return 'the record has no `kind`'
  if (typeof record.at !== 'number') return 'the record has no time `at`'
  if (seq === 1 && kind !== 'run') return 'a log begins with the record `run`'
  return valueProblem(kind, record)
}

const checkVersion = (start: unknown): void => {
  const version = (start as { version?: unknown } | null | undefined)?.version
  if (typeof version !== 'number' || version <= LOG_VERSION) return
  throw new JournalError(
    'log_version',
    `The log has version ${version}; this Antiphon reads versions up to ${LOG_VERSION}. Update it to read this log.`,
  )
}

/** Only what a reader stands on: everything else may be newer than it. */
const valueProblem = (kind: string, { value, about }: Partial<LogRecord>): string | undefined => {
  const fields = (value ?? {}) as { version?: unknown; input?: unknown; output?: unknown }
  switch (kind) {
    case 'run':
      if (typeof fields.version !== 'number') return 'the record `run` has no `version`'
      return Array.isArray(fields.input) ? undefined : 'the record `run` has no `input`'
    case 'model': {
      if (!Array.isArray(fields.output)) return 'the response has no `output`'
      const { keep, add } = (about as { input?: { keep?: unknown; add?: unknown } } | null)?.input ?? {}
      return Number.isInteger(keep) && Array.isArray(add) ? undefined : 'it does not say what was asked'
    }
    case 'session':
    case 'tool':
    case 'wait':
    case 'decision':
    case 'end':
      return typeof value === 'object' && value !== null ? undefined : `the record \`${kind}\` has no value`
    default:
      return undefined
  }
}
