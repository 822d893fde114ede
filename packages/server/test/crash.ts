import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { buildProgram, startProgram } from '../../store/test/programs/program.ts'
import { type EventReader, resumeResponse } from './event-reader.ts'
import { problemsOfEvents } from './valid-response.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** A server in a process of its own. */
export interface ServerProcess {
  /** With `/v1`. */
  readonly url: string
  /** Kill −9; resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves when it has ended by itself, with what it said on standard error. */
  readonly gone: Promise<string>
}

/** A place for servers that are killed: their store, and what their tools leave behind. */
export interface Place {
  readonly folder: string
  readonly file: string
  /** Lines that tools have left: `begin read`, `did read`. */
  effects(): string[]
  /** Tools of this name wait until it is lifted. */
  bar(gate: string): () => void
}

export const newPlace = (): Place => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-server-'))
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const effects = join(folder, 'effects')
  return {
    folder,
    file: join(folder, 'server.db'),
    effects: () => (existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').slice(0, -1) : []),
    bar(gate) {
      writeFileSync(join(folder, `bar-${gate}`), '')
      return () => rmSync(join(folder, `bar-${gate}`))
    },
  }
}

let built: Promise<string> | undefined

/** Builds the program once for a test file. */
export const serverProgram = (): Promise<string> => {
  // The store's folder has the SQLite that Node may lack; everything else goes into the file.
  built ??= buildProgram(file('./programs/serve-main.ts'), file('../../store'))
  return built
}

/** Starts a server in a process of its own; it is killed after the test. */
export const startServer = async (
  place: Place,
  {
    store = place.file,
    upstream = 'http://127.0.0.1:9/v1',
    options = {},
  }: { store?: string; upstream?: string; options?: object } = {},
): Promise<ServerProcess> => {
  const name = `url-${randomUUID()}`
  const program = startProgram(await serverProgram(), [
    store,
    place.folder,
    upstream,
    JSON.stringify(options),
    name,
  ])
  const gone = program.gone.then(({ said }) => said)
  const early = await Promise.race([program.said('ready').then(() => undefined), gone])
  if (early !== undefined) throw new Error(`The server did not start: ${early}`)
  return {
    url: `${readFileSync(join(place.folder, name), 'utf8')}/v1`,
    gone,
    async kill() {
      program.signal('SIGKILL')
      await gone
    },
  }
}

/** What the readers were told one after the other, as one stream: no gap, no duplicate, in order; its end is the response as GET gives it. */
export const expectOneStream = async (url: string, id: string, readers: readonly EventReader[]) => {
  const events = readers.flatMap((reader) => reader.events)
  expect(problemsOfEvents(events)).toEqual([])
  const { response } = events.at(-1) as unknown as { response: Record<string, unknown> }
  const got = (await (await fetch(`${url}/responses/${id}`)).json()) as Record<string, unknown>
  expect(got).toEqual(response)
  // Whoever reads it from the beginning is told the very same.
  const again = resumeResponse(url, id)
  expect(await again.over).toBe('done')
  expect(again.events).toEqual(events)
  return response
}
