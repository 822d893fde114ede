import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { SandboxLimits } from '../limits.ts'
import type { SandboxEnd, SandboxEndReason, SandboxProcess } from '../sandbox.ts'
import { SandboxError } from '../sandbox-error.ts'
import { systemCallFilter } from '../seccomp/system-call-filter.ts'
import type { SandboxUser } from '../user/choose-user.ts'
import type { DiskUse } from '../watch/disk-use.ts'
import { watch } from '../watch/watch.ts'
import { bubblewrapArguments, type Surroundings } from './bubblewrap-arguments.ts'
import type { SandboxPrograms } from './find-programs.ts'
import { onlyOurs } from './own-descriptors.ts'
import { innerLimits, outerLimits } from './rlimits.ts'
import { readStatus } from './status.ts'

/** Descriptors that bubblewrap reads, or writes, itself. */
const FILTER = 3
const STATUS = 4
const ARGUMENTS = 5
const FIRST_CONTENT = 6

/** A program, with all that is settled about it. */
export interface Program extends Surroundings {
  readonly programs: SandboxPrograms
  readonly user: SandboxUser | undefined
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly limits: SandboxLimits
  readonly signal: AbortSignal | undefined
  /** What the writable folders held when the sandbox was opened. */
  readonly before: DiskUse
}

/** A running program that its sandbox can end for a reason. */
export interface StartedProgram extends SandboxProcess {
  end(reason: SandboxEndReason): void
}

/** Starts a program in bubblewrap. Everything that is to be known inside goes through descriptors: nothing of the host is on a command line or in an environment there. */
export const startProgram = (program: Program): StartedProgram => {
  const { programs, user, argv, limits, signal, mounts, before } = program
  const begun = performance.now()
  const { args, contents } = bubblewrapArguments({ ...program, firstDescriptor: FIRST_CONTENT })
  const descriptors = onlyOurs(FIRST_CONTENT + contents.length)
  const child = spawn(
    programs.prlimit,
    [
      ...[...outerLimits(limits, user !== undefined), '--', programs.bubblewrap, '--args', String(ARGUMENTS)],
      ...['--', programs.prlimit, ...innerLimits(limits), '--', ...argv],
    ],
    { stdio: descriptors.stdio, env: {}, cwd: '/', ...user },
  )
  descriptors.close()
  const [stdin, stdout, stderr] = child.stdio as unknown as [Writable, Readable, Readable]
  const options = ['--seccomp', String(FILTER), '--json-status-fd', String(STATUS), ...args]
  give(child, FILTER, systemCallFilter(programs.architecture))
  give(child, ARGUMENTS, options.map((each) => `${each}\0`).join(''))
  contents.forEach((content, index) => {
    give(child, FIRST_CONTENT + index, content)
  })
  // A program that does not read its input is no failure.
  stdin.on('error', () => {})

  let reason: SandboxEndReason | undefined
  let stopWatching = (): void => {}
  let isWatched = false
  const status = readStatus(child.stdio[STATUS] as unknown as Readable, (pid) => {
    if (reason !== undefined) return kill(pid)
    const folders = mounts.flatMap(({ writable, hostPath }) => (writable === true ? [hostPath] : []))
    stopWatching = watch({ pid, limits, folders, before, onOver: (why) => end(why) })
    isWatched = true
  })
  // The first process inside dies with bubblewrap, and all others with it. Both are killed, since there is a moment before it is bound so.
  const end = (why: SandboxEndReason): void => {
    reason ??= why
    kill(child.pid)
    kill(status.pid)
  }
  const timer = Number.isFinite(limits.wallMs) ? setTimeout(() => end('timeout'), limits.wallMs) : undefined
  const onAbort = (): void => end('aborted')
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted === true) onAbort()

  const ended = new Promise<SandboxEnd>((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      stopWatching()
    }
    child.once('error', (cause) => {
      finish()
      reject(
        new SandboxError('sandbox_failed', `${programs.prlimit} could not be started: ${cause.message}`, {
          cause,
        }),
      )
    })
    child.once('exit', (code) => {
      finish()
      kill(status.pid)
      status.whenRead.then(() => {
        const durationMs = performance.now() - begun
        if (reason !== undefined) resolve({ end: reason, exitCode: null, signal: null, durationMs })
        else if (status.exitCode === undefined)
          reject(
            new SandboxError(
              'sandbox_failed',
              `The sandbox could not be set up: bubblewrap ended with ${code}${isWatched ? ', or was ended from inside' : ''}. Its stderr says why.`,
            ),
          )
        else resolve({ ...endOf(status.exitCode), durationMs })
      })
    })
  })
  // Whoever does not look at the end is told nothing of it.
  ended.catch(() => {})
  return { stdin, stdout, stderr, ended, kill: () => end('aborted'), end }
}

const give = (child: ChildProcess, descriptor: number, content: string | Uint8Array): void => {
  const stream = child.stdio[descriptor] as unknown as Duplex
  stream.on('error', () => {})
  stream.end(content)
}

const kill = (pid: number | undefined): void => {
  if (pid === undefined) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const endOf = (exitCode: number): Omit<SandboxEnd, 'durationMs'> => {
  const number = exitCode - 128
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
  return name === undefined
    ? { end: 'exit', exitCode, signal: null }
    : { end: 'signal', exitCode, signal: name as NodeJS.Signals }
}
