import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, afterEach } from 'vitest'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const root = createRequire(file('../../../../package.json'))
// The packages by their sources, or as they were built.
const tsconfig = file(
  process.env.TEST_BUILT === undefined ? '../../../../tsconfig.json' : '../../../../examples/tsconfig.json',
)

type Build = (options: Record<string, unknown>) => Promise<unknown>

const built: string[] = []
const running = new Set<ChildProcess>()

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

afterAll(() => {
  for (const folder of built.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/**
 * Makes one file of a program, with all that it imports, and returns where it lies. Such a file starts in a tenth of the time that the sources take: a suite that kills a hundred
 * processes can do so.
 *
 * @param entry - path of the program
 * @param home - folder of the package whose dependencies it uses
 */
export const buildProgram = async (entry: string, home = file('../..')): Promise<string> => {
  const { build } = (await import(pathToFileURL(root.resolve('tsup')).href)) as { build: Build }
  const outDir = join(home, 'node_modules/.cache/antiphon', randomUUID())
  built.push(outDir)
  await build({
    config: false,
    entry: [entry],
    format: ['esm'],
    platform: 'node',
    target: 'node20',
    outDir,
    tsconfig,
    silent: true,
    noExternal: [/^(?!@opentelemetry\/|winston)/],
    // The last are asked for by DBOS where they are there, which they are not.
    external: ['@photostructure/sqlite', /^@opentelemetry\//, /^winston/],
    splitting: false,
    // What is bundled may still ask for a module by name.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(${JSON.stringify(join(home, 'package.json'))});`,
    },
  })
  return join(outDir, basename(entry).replace(/\.ts$/, '.js'))
}

/** How a process ended. */
export interface Gone {
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
  readonly said: string
  readonly lines: readonly string[]
}

/** A process of its own. */
export interface Program {
  readonly gone: Promise<Gone>
  /** Resolves when it has written this line, or is gone. */
  said(line: string): Promise<unknown>
  signal(name: NodeJS.Signals): void
}

/** Starts a built program with these arguments; it is killed after the test. */
export const startProgram = (path: string, args: readonly string[]): Program => {
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let out = ''
  let said = ''
  const lines = (): string[] => out.split('\n').slice(0, -1)
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const gone = new Promise<Gone>((resolve) =>
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal, said, lines: lines() })
    }),
  )
  const says = (line: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (lines().includes(line)) resolve()
      }
      child.stdout.on('data', look)
      look()
    })
  return {
    gone,
    said: (line) => Promise.race([says(line), gone]),
    signal: (name) => void child.kill(name),
  }
}
