import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import {
  deserializeMessage,
  type JSONRPCMessage,
  SdkError,
  SdkErrorCode,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/client'
import { getDefaultEnvironment } from '@modelcontextprotocol/client/stdio'
import spawn from 'cross-spawn'
import { createLineReader } from './line-reader.ts'
import type { McpCommand } from './server-address.ts'

/** Milliseconds that a server has to end by itself when its input ends, and again when it is asked to. */
const GRACE_MS = 2_000

/** A transport that can let this process end while it is open. */
export interface HoldableTransport extends Transport {
  /** While held, an open connection keeps this process alive and is listened to; otherwise it does not. */
  setHeld(held: boolean): void
}

/**
 * A server as a process of its own.
 *
 * Beside what the transport of the SDK does: the whole tree of processes is ended, as `npx` and shells leave their children behind; and a connection that waits in a pool does
 * not keep this process alive.
 */
export const createProcessTransport = (command: McpCommand, maxMessageBytes: number): HoldableTransport => {
  const ownGroup = process.platform !== 'win32'
  let child: ChildProcess | undefined
  let ended: Promise<void> | undefined

  const read = createLineReader(maxMessageBytes, (line) => {
    try {
      transport.onmessage?.(deserializeMessage(line))
    } catch (error) {
      // A line that is no message: servers print all sorts of things.
      transport.onerror?.(error as Error)
    }
  })

  const kill = (signal: NodeJS.Signals): void => {
    if (child?.pid === undefined) return
    try {
      if (ownGroup) process.kill(-child.pid, signal)
      else child.kill(signal)
    } catch {
      // it is gone
    }
  }

  const transport: HoldableTransport = {
    start: () =>
      new Promise((resolve, reject) => {
        if (child !== undefined) throw new Error('The transport was started before.')
        const started = spawn(command.command, [...(command.args ?? [])], {
          env: environmentOf(command),
          stdio: ['pipe', 'pipe', command.onStderr === undefined ? 'ignore' : 'pipe'],
          windowsHide: true,
          detached: ownGroup,
          ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
        })
        child = started
        ended = new Promise((done) => {
          started.once('error', (error) => {
            reject(error)
            done()
          })
          started.once('exit', () => done())
        })
        started.once('spawn', () => {
          killAtExit(kill)
          resolve()
        })
        started.once('exit', () => {
          // What it started and left behind would hold its pipes open.
          kill('SIGKILL')
          neverKill(kill)
          setTimeout(() => started.stdout?.destroy(), GRACE_MS).unref()
        })
        // Not at its exit: its last answer may still be in the pipe.
        started.once('close', () => transport.onclose?.())
        started.stdin?.on('error', (error) => transport.onerror?.(error))
        started.stdout?.on('error', (error) => transport.onerror?.(error))
        started.stdout?.on('data', (chunk: Buffer) => {
          if (read(chunk)) return
          // No end of it is in sight: what it says is not read any more.
          started.stdout?.destroy()
          kill('SIGKILL')
        })
        started.stderr?.setEncoding('utf8').on('data', (text: string) => command.onStderr?.(text))
      }),
    send: (message: JSONRPCMessage) =>
      new Promise((resolve, reject) => {
        const stdin = child?.stdin
        if (!stdin?.writable) {
          reject(new SdkError(SdkErrorCode.ConnectionClosed, 'The server has ended.'))
          return
        }
        stdin.write(serializeMessage(message), (error) => {
          if (error) reject(error)
          else resolve()
        })
      }),
    close: async () => {
      child?.stdin?.end()
      if (!(await within(ended, GRACE_MS))) {
        kill('SIGTERM')
        if (!(await within(ended, GRACE_MS))) kill('SIGKILL')
        await ended
      }
      child?.stdout?.destroy()
      child?.stderr?.destroy()
    },
    setHeld: (held) => {
      for (const one of [child, child?.stdin, child?.stdout, child?.stderr]) hold(one, held)
    },
  }
  return transport
}

/** Ends what would outlive this process, as a server that does not look at its input does. */
const atExit = new Set<(signal: NodeJS.Signals) => void>()
const killAll = (): void => {
  for (const kill of atExit) kill('SIGKILL')
}
const killAtExit = (kill: (signal: NodeJS.Signals) => void): void => {
  if (atExit.size === 0) process.on('exit', killAll)
  atExit.add(kill)
}
const neverKill = (kill: (signal: NodeJS.Signals) => void): void => {
  atExit.delete(kill)
  if (atExit.size === 0) process.off('exit', killAll)
}

/** Pipes of a child are sockets, which can be let go of; the types do not say so. */
const hold = (one: ChildProcess | Readable | Writable | null | undefined, held: boolean): void => {
  const { ref, unref } = (one ?? {}) as { ref?: () => void; unref?: () => void }
  if (held) ref?.call(one)
  else unref?.call(one)
}

const environmentOf = ({ env, inheritEnv = [] }: McpCommand): Record<string, string> => {
  const inherited = inheritEnv.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...getDefaultEnvironment(), ...Object.fromEntries(inherited), ...env }
}

const within = async (ended: Promise<void> | undefined, ms: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([(ended ?? Promise.resolve()).then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
