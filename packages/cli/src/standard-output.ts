import { Console } from 'node:console'

/** Standard output, kept for what the command itself writes. */
export interface StandardOutput {
  write(text: string): void
  /** Resolves when everything has been handed to the system. */
  flush(): Promise<void>
}

/**
 * Keeps standard output clean for a pipe: whatever an agent file writes there, by console.log or otherwise, goes to standard error.
 * `onClosed` is called once when nobody reads any more (`| head`); what is written afterwards is dropped.
 */
export const reserveStandardOutput = (onClosed: () => void): StandardOutput => {
  const { stdout, stderr } = process
  const write = stdout.write.bind(stdout)
  let closed = false
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (closed) return
    closed = true
    onClosed()
  })
  // Nobody reads the notes: the answer may still be wanted. Thrown, it would be reported there, and fail again.
  stderr.on('error', () => undefined)
  stdout.write = stderr.write.bind(stderr)
  globalThis.console = new Console(stderr, stderr)
  return {
    write(text) {
      if (!closed) write(text)
    },
    flush: async () => {
      await new Promise<void>((resolve) => (closed ? resolve() : write('', () => resolve())))
      await new Promise<void>((resolve) => void stderr.write('', () => resolve()))
    },
  }
}
