import type { Readable } from 'node:stream'
import type { StartedProgram } from './bubblewrap/start-program.ts'
import type { SandboxLimits } from './limits.ts'
import type { SandboxResult, SandboxRun } from './sandbox.ts'
import { SandboxError } from './sandbox-error.ts'

/** How much of stderr an error of the sandbox itself has. */
const REASON_CHARS = 500

/** Takes a started program to its end, and keeps what it writes within its limits. */
export const runProgram = async (
  program: StartedProgram,
  { stdin, onOutput }: SandboxRun,
  limits: SandboxLimits,
): Promise<SandboxResult> => {
  program.stdin.end(stdin)
  let read = 0
  let thrown: { readonly error: unknown } | undefined
  const collect = (stream: Readable, from: 'stdout' | 'stderr') => {
    const kept: Uint8Array[] = []
    let room = limits.outputBytes
    let isCut = false
    stream.on('data', (chunk: Uint8Array) => {
      read += chunk.length
      if (chunk.length > room) isCut = true
      const part = chunk.subarray(0, room)
      room -= part.length
      if (part.length > 0) {
        kept.push(part)
        try {
          onOutput?.(part, from)
        } catch (error) {
          thrown ??= { error }
          program.end('aborted')
        }
      }
      if (read > limits.floodBytes) program.end('output_limit')
    })
    const whenRead = new Promise<void>((resolve) => {
      stream.once('close', resolve)
      stream.on('error', () => resolve())
    })
    return { whenRead, bytes: () => Buffer.concat(kept), isCut: () => isCut }
  }
  const stdout = collect(program.stdout, 'stdout')
  const stderr = collect(program.stderr, 'stderr')
  const ending = await program.ended.then(
    (end) => ({ end }),
    (error: unknown) => ({ error }),
  )
  await Promise.all([stdout.whenRead, stderr.whenRead])
  if (thrown !== undefined) throw thrown.error
  if ('error' in ending) throw withReason(ending.error, stderr.bytes())
  return {
    ...ending.end,
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
    isStdoutCut: stdout.isCut(),
    isStderrCut: stderr.isCut(),
  }
}

const withReason = (error: unknown, stderr: Buffer): unknown => {
  const text = stderr.toString('utf8').trim().slice(0, REASON_CHARS)
  if (!(error instanceof SandboxError) || text === '') return error
  return new SandboxError(error.code, `${error.message} It said: ${text}`, { cause: error })
}
