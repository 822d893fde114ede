import type { CommandRunner } from '../command/command-runner.ts'
import { ShellError } from '../shell-error.ts'

/** A runner that several runs use at a time; it is closed when the last of them is over. */
export interface SharedRunner {
  /** Somebody needs it: it is made if there is none. Each `take` has its `release`. */
  take(): void
  release(): Promise<void>
  /** The runner in use. @throws ShellError `shell_failed` when nobody uses one. */
  current(): CommandRunner
}

/** Shares runners made by that function, one at a time. */
export const sharedRunner = (make: () => CommandRunner): SharedRunner => {
  let users = 0
  let runner: CommandRunner | undefined
  // The next one waits until what the last one held is given back.
  let closing: Promise<void> = Promise.resolve()
  const waiting = (inner: CommandRunner, closed: Promise<void>): CommandRunner => ({
    ...inner,
    run: async (command) => {
      await closed
      return inner.run(command)
    },
  })
  return {
    take: () => {
      users++
      runner ??= waiting(make(), closing)
    },
    release: async () => {
      users--
      if (users > 0 || runner === undefined) return
      const last = runner
      runner = undefined
      closing = closing.then(() => last.close()).catch(() => undefined)
      await closing
    },
    current: () => {
      if (runner !== undefined) return runner
      throw new ShellError('shell_failed', 'The run of this command is over: nothing is started any more.')
    },
  }
}
