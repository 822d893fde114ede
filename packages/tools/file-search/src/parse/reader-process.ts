import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { readFrames, writeFrame } from './frames.ts'
import type { ParseErrorCode } from './parse-error.ts'
import type { ParsedFile } from './parsed-file.ts'
import { ReadFailure } from './read-failure.ts'
import type { ReadRequest } from './read-kind.ts'

/** A process that reads one file after the other. */
export interface Reader {
  /** @throws ReadFailure; the process is ended then, unless the reason lies in the file. */
  read(bytes: Uint8Array, request: ReadRequest): Promise<ParsedFile>
  /** How many files it has read. */
  readonly files: number
  /** Whether it can read another one. */
  readonly alive: boolean
  readonly maxMemoryBytes: number
  end(): void
  /** An idle one does not keep the process of the program alive. */
  idle(isIdle: boolean): void
}

/** Starts a process that can read files, with bounds on its memory: on its heap everywhere, on all of it by the system where there is `ulimit -d` (Linux). */
export const startReader = (maxMemoryBytes: number): Reader => {
  const child = spawnReader(maxMemoryBytes)
  const stdin = child.stdin as Writable
  const out = child.stdio[3] as Readable
  let waiting: { resolve: (file: ParsedFile) => void; reject: (error: Error) => void } | undefined
  let alive = true
  let files = 0
  let told = ''
  child.stderr?.on('data', (part: Buffer) => {
    told = (told + part.toString('latin1')).slice(-4_096)
  })
  /** Why it does not read any more. */
  let stopped: Error | undefined
  const over = (error: Error): void => {
    alive = false
    stopped ??= error
    child.kill('SIGKILL')
    waiting?.reject(error)
    waiting = undefined
  }
  child.on('error', (cause) =>
    over(new ReadFailure('parse_failed', 'The process that reads files could not be started.', { cause })),
  )
  child.on('exit', (code, signal) => over(gone(code, signal, told)))
  // What is written to a process that has gone is told by its end.
  stdin.on('error', () => undefined)
  out.on('error', () => undefined)
  readFrames(out, (frame) => {
    const answer = parseAnswer(frame)
    if ('file' in answer) waiting?.resolve(answer.file)
    else waiting?.reject(new ReadFailure(answer.error.code, answer.error.message))
    waiting = undefined
  })
  return {
    get files() {
      return files
    },
    get alive() {
      return alive
    },
    maxMemoryBytes,
    read(bytes, request) {
      files += 1
      return new Promise<ParsedFile>((resolve, reject) => {
        waiting = { resolve, reject }
        if (!alive) return over(stopped ?? gone(null, null, told))
        const timer = setTimeout(
          () =>
            over(
              new ReadFailure(
                'parse_timeout',
                `The file was not read after ${request.limits.timeoutMs} ms (\`limits.timeoutMs\`).`,
              ),
            ),
          request.limits.timeoutMs,
        )
        const settled = (): void => clearTimeout(timer)
        waiting = {
          resolve: (file) => {
            settled()
            resolve(file)
          },
          reject: (error) => {
            settled()
            reject(error)
          },
        }
        writeFrame(stdin, new TextEncoder().encode(JSON.stringify(request)))
        writeFrame(stdin, bytes)
      })
    },
    end: () => over(new ReadFailure('aborted', 'Reading was stopped.')),
    idle(isIdle) {
      for (const part of [child, stdin, out, child.stderr] as unknown as (Holding | null)[])
        if (isIdle) part?.unref?.()
        else part?.ref?.()
    },
  }
}

/** What can keep a process alive. */
interface Holding {
  ref?(): void
  unref?(): void
}

const spawnReader = (maxMemoryBytes: number): ChildProcess => {
  const heap = Math.max(32, Math.floor(maxMemoryBytes / 2 / 1024 / 1024))
  const args = [`--max-old-space-size=${heap}`, '--disable-proto=delete', '--no-warnings', ...entry()]
  const options = {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'] as ('pipe' | 'ignore')[],
    env: {},
    cwd: '/',
    windowsHide: true,
  }
  if (process.platform !== 'linux') return spawn(process.execPath, args, { ...options, cwd: process.cwd() })
  const kilobytes = Math.ceil(systemBytes(maxMemoryBytes) / 1024)
  return spawn(
    '/bin/sh',
    [
      '-c',
      'ulimit -c 0; ulimit -d "$1" || exit 125; shift; exec "$@"',
      'reader',
      String(kilobytes),
      process.execPath,
      ...args,
    ],
    options,
  )
}

const GIB = 1024 ** 3
const isSource = import.meta.url.endsWith('.ts')

/** What the system allows: from Node 24 on, V8 does not start within less than a gigabyte for each of its isolates, and the loader of sources brings a second one. */
const systemBytes = (maxMemoryBytes: number): number =>
  Number.parseInt(process.versions.node, 10) < 24
    ? maxMemoryBytes
    : Math.max(maxMemoryBytes, GIB) + (isSource ? GIB : 0)

/** What to start: the built file, or the source through the loader that runs it. */
const entry = (): string[] => {
  if (!isSource) return [fileURLToPath(new URL('./reader.js', import.meta.url))]
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return ['--import', loader, fileURLToPath(new URL('./reader-main.ts', import.meta.url))]
}

type Answer =
  | { readonly file: ParsedFile }
  | { readonly error: { readonly code: ParseErrorCode; readonly message: string } }

const parseAnswer = (frame: Buffer): Answer => JSON.parse(frame.toString()) as Answer

const gone = (code: number | null, signal: string | null, told: string): ReadFailure =>
  /heap out of memory|allocation fail|Fatal process OOM|bad_alloc|Cannot allocate memory/i.test(told)
    ? new ReadFailure(
        'file_too_large',
        'The file needs more memory than reading may have (`limits.maxMemoryBytes`).',
      )
    : new ReadFailure(
        'parse_failed',
        `The process that reads files ended (${signal ?? `code ${code}`}). It may have needed more memory than \`limits.maxMemoryBytes\`.`,
      )
