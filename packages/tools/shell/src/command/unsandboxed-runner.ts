import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { ShellError } from '../shell-error.ts'
import type { Command, CommandEnd, CommandRunner } from './command-runner.ts'
import { killTree, MARK } from './process-tree.ts'
import { FLOOD_BYTES } from './sandbox-runner.ts'

const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' }

/**
 * Runs programs as this process's user, with all that it may do, the network included: for a machine or container that is a sandbox itself. The environment is cleared all the same, and what
 * a program started is killed with it, as far as it can be found: by its group, and on Linux by its environment, which a program can clear.
 */
export const unsandboxedRunner = (root: string, env: Readonly<Record<string, string>>): CommandRunner => {
  const running = new Set<() => Promise<void>>()

  const run = async (command: Command): Promise<CommandEnd> => {
    const { argv, folder, timeoutMs, signal, stdout, stderr } = command
    signal.throwIfAborted()
    const home = await realpath(root)
    const mark = randomUUID()
    const child = spawn(argv[0], argv.slice(1), {
      cwd: join(home, folder),
      env: { ...ENV, HOME: home, TMPDIR: '/tmp', ...env, ...command.env, [MARK]: mark },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let end: CommandEnd | undefined
    let killing: Promise<void> | undefined
    const stop = (): Promise<void> => {
      killing ??= child.pid === undefined ? Promise.resolve() : killTree(child.pid, mark)
      return killing
    }
    running.add(stop)
    const timer = setTimeout(() => {
      end ??= { type: 'timeout' }
      void stop()
    }, timeoutMs)
    const onAbort = (): void => void stop()
    signal.addEventListener('abort', onAbort, { once: true })
    const collect = (from: NodeJS.ReadableStream, into: typeof stdout): void => {
      from.on('data', (chunk: Buffer) => {
        into.add(chunk)
        if (end !== undefined || stdout.bytes + stderr.bytes <= FLOOD_BYTES) return
        end = { type: 'killed', why: 'it wrote too much' }
        void stop()
      })
    }
    collect(child.stdout, stdout)
    collect(child.stderr, stderr)
    const closed = once(child, 'close')
    // An 'error' rejects it as well; the exit below says so.
    closed.catch(() => undefined)
    try {
      const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
      // What the program left behind may hold its output open.
      await stop()
      await closed
      signal.throwIfAborted()
      return end ?? { type: 'exit', exitCode: code ?? 128 + (constants.signals[killedBy!] ?? 0) }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new ShellError('shell_failed', `${argv[0]} could not be run: ${(error as Error).message}`, {
        cause: error,
      })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      running.delete(stop)
    }
  }

  return {
    isSandboxed: false,
    root,
    run,
    close: async () => {
      await Promise.all([...running].map((stop) => stop()))
    },
  }
}
