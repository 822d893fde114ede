import { createInterface } from 'node:readline'

/** Lines of a person or of a pipe. */
export interface LineSource {
  /** The next line; undefined when there are no more (Ctrl-D, end of the pipe). `'interrupted'` is Ctrl-C at the prompt. */
  next(prompt: string): Promise<string | undefined | typeof INTERRUPTED>
  close(): void
}

/** Ctrl-C while a line was awaited. */
export const INTERRUPTED: unique symbol = Symbol('interrupted')

const HISTORY_LINES = 200

/** Lines from standard input: edited, with a history, on a terminal; as they come elsewhere. Prompts go to standard error. */
export const createLineSource = (stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream): LineSource =>
  stdin.isTTY === true ? fromTerminal(stdin, stderr) : fromPipe(stdin)

/** An interface per line: in between, the terminal belongs to others and Ctrl-C is a signal again. */
const fromTerminal = (input: NodeJS.ReadStream, output: NodeJS.WriteStream): LineSource => {
  let history: string[] = []
  return {
    next: (prompt) =>
      new Promise((resolve) => {
        const lines = createInterface({ input, output, terminal: true, history, historySize: HISTORY_LINES })
        let done = false
        const finish = (line: string | undefined | typeof INTERRUPTED): void => {
          if (done) return
          done = true
          if (line === undefined || line === INTERRUPTED) output.write('\n')
          lines.close()
          resolve(line)
        }
        lines.on('history', (kept) => {
          history = [...kept]
        })
        lines.on('SIGINT', () => finish(INTERRUPTED))
        lines.on('close', () => finish(undefined))
        lines.question(prompt, finish)
      }),
    close: () => undefined,
  }
}

/** One interface for all: what has been read ahead must not get lost. */
const fromPipe = (input: NodeJS.ReadStream): LineSource => {
  const lines = createInterface({ input, terminal: false })
  const waiting: string[] = []
  let wake: ((line: string | undefined) => void) | undefined
  let ended = false
  lines.on('line', (line) => {
    const waiter = wake
    wake = undefined
    if (waiter) waiter(line)
    else waiting.push(line)
  })
  lines.on('close', () => {
    ended = true
    wake?.(undefined)
    wake = undefined
  })
  return {
    next: () =>
      new Promise((resolve) => {
        const line = waiting.shift()
        if (line !== undefined || ended) resolve(line)
        else wake = resolve
      }),
    close: () => lines.close(),
  }
}
