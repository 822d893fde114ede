import { createColors } from 'picocolors'
import type { Colors } from './terminal.ts'

/** What a command that answers with a table or a listing writes to: standard output. */
export interface Report {
  /** Those of standard output: a pipe gets none. */
  readonly colors: Colors
  /** Characters a line may have. */
  readonly width: number
  /** Writes a whole line. */
  line(text: string): void
  /** Writes text as it is. */
  write(text: string): void
}

/** A report on the standard output that `write` writes to. */
export const createReport = (write: (text: string) => void, color: boolean | undefined): Report => {
  const { stdout, env } = process
  const isTerminal = stdout.isTTY === true && env.TERM !== 'dumb'
  return {
    colors: createColors(isTerminal && !env.NO_COLOR && color !== false),
    width: isTerminal ? Math.max(40, stdout.columns ?? 100) : 120,
    line: (text) => write(`${text}\n`),
    write,
  }
}
