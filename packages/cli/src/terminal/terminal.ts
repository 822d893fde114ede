import { createColors } from 'picocolors'
import { createStatusLine } from './status-line.ts'

/** The colours in use: all of them do nothing where there is no terminal. */
export type Colors = ReturnType<typeof createColors>

/** Where a run is shown: the answer on standard output, everything else on standard error. */
export interface Terminal {
  readonly colors: Colors
  /** Characters a line may have. */
  readonly width: number
  /** Writes a piece of the answer as it is. */
  answer(text: string): void
  /** Writes a whole line beside the answer. */
  line(text: string): void
  /** Says what is going on; only on a terminal. */
  status(text: string | undefined): void
  stop(): void
}

/** What `createTerminal` may be told. */
export interface TerminalOptions {
  /** Writes to standard output. @defaultValue `process.stdout.write` */
  readonly writeAnswer?: (text: string) => void
  /** False for no colours. @defaultValue on a terminal, unless `NO_COLOR` is set */
  readonly color?: boolean
}

/** The terminal of this process. */
export const createTerminal = (options: TerminalOptions = {}): Terminal => {
  const { stdout, stderr, env } = process
  const isTerminal = stderr.isTTY === true && env.TERM !== 'dumb'
  const writeAnswer = options.writeAnswer ?? ((text) => void stdout.write(text))
  const status = createStatusLine(stderr, isTerminal)
  // On one screen a line must not begin in the middle of the answer.
  const sameScreen = stdout.isTTY === true && stderr.isTTY === true
  let midLine = false
  return {
    colors: createColors(isTerminal && !env.NO_COLOR && options.color !== false),
    width: isTerminal ? Math.max(40, stderr.columns ?? 100) : 120,
    answer(text) {
      if (text === '') return
      status.clear()
      midLine = !text.endsWith('\n')
      writeAnswer(text)
    },
    line(text) {
      status.clear()
      stderr.write(sameScreen && midLine ? `\n${text}\n` : `${text}\n`)
      if (sameScreen) midLine = false
    },
    // It would wipe out the line that the answer has begun.
    status: (text) => status.show(sameScreen && midLine ? undefined : text),
    stop: () => status.stop(),
  }
}
