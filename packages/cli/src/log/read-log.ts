import { readFileSync } from 'node:fs'
import { type LogRecord, type ParsedLog, parseLog, type RunStart } from 'antiphon'
import { CliError } from '../cli-error.ts'

/** A log with the value of its first record. */
export interface RunLog {
  readonly records: readonly LogRecord[]
  readonly start: RunStart
  /** Where the file is damaged; the records before it are there. */
  readonly damage?: ParsedLog['damage']
}

/**
 * Reads the log of a run from a file.
 *
 * @throws CliError `usage` when there is no such file, or no record in it; JournalError `log_version`.
 */
export const readLog = (file: string): RunLog => {
  const { records, damage } = parseLog(readText(file))
  if (records.length === 0)
    throw new CliError(
      'usage',
      `${file} is not the log of a run: line ${damage?.line ?? 1}, ${damage?.reason}.`,
      {
        hint: 'A log is a file of JSON lines: antiphon runs export <id> > run.jsonl, or toJSONL() of a recording.',
      },
    )
  return runLog(records, damage)
}

/** A log of records that are known to be one. */
export const runLog = (records: readonly LogRecord[], damage?: ParsedLog['damage']): RunLog => ({
  records,
  start: records[0]?.value as RunStart,
  ...(damage === undefined ? {} : { damage }),
})

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'There is no log' : `The log cannot be read (${code ?? 'unknown reason'}):`
    throw new CliError('usage', `${why} ${file}.`, { cause })
  }
}
