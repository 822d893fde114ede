import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunStore } from 'antiphon'
import { Life } from '../../core/test/mortal.ts'
import { type Surroundings, surroundingsIn } from './durable-agents.ts'
import { type Job, type Outcome, workOn } from './durable-work.ts'
import type { Engine, Outside } from './engines.ts'
import { asHandle, asProcess, type TripEnd } from './journeys.ts'
import { buildProgram, startProgram } from './programs/program.ts'
import type { Trip } from './trip.ts'

/** A process that works on a run. */
export interface Worker {
  /** Resolves when it works on the run, or tries to; or has ended. */
  readonly ready: Promise<unknown>
  /** How the run stands when the process has nothing more to do with it; undefined when it was killed. */
  readonly outcome: Promise<Outcome | undefined>
  /** As by SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** As by SIGSTOP and SIGCONT. */
  pause(): void
  proceed(): void
}

/** Where runs are kept, and processes that work on them. */
export interface HostPlace {
  readonly around: Surroundings
  /** For files of a test. */
  readonly folder: string
  /** Handles of this process: to read. Each call gives another one on the same runs. */
  open(): RunStore
  /** Hands of this process: to decide, to cancel, to follow. */
  outside(): Outside
  start(job: Job): Worker
  /** Lets a process go on a journey. */
  travel(trip: Trip): Promise<TripEnd>
  close(): Promise<void>
}

/** A way to run agents that survives. */
export interface Host {
  readonly name: string
  /** A second process that is given a run is refused with `run_busy`. False where it waits until the run is free. */
  readonly refuses: boolean
  make(): Promise<HostPlace>
}

const folderOf = (): { around: Surroundings; folder: string; remove(): void } => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-durable-'))
  return {
    folder,
    around: surroundingsIn(folder),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** Processes of this one, which play dead: for stores that no other process sees. */
export const inOneProcess = (engine: Engine): Host => ({
  name: engine.name,
  refuses: true,
  make: async () => {
    const { around, folder, remove } = folderOf()
    const place = await engine.make()
    const lives: Life[] = []
    return {
      around,
      folder,
      open: place.open,
      outside: place.outside,
      travel: (trip) => asHandle(place, trip),
      start(job) {
        const life = new Life()
        lives.push(life)
        let revive = (): void => undefined
        const isAbandoned = (): boolean => lives.some(({ dead }) => dead)
        const work = workOn(place.open(), job, around, life, isAbandoned)
        return {
          ready: Promise.resolve(),
          outcome: Promise.race([work, life.over.then(() => undefined)]),
          kill: async () => life.kill(),
          pause: () => {
            revive = life.stop()
          },
          proceed: () => revive(),
        }
      },
      async close() {
        for (const life of lives) life.kill()
        await place.close()
        remove()
      },
    }
  },
})

/** Processes of their own. */
export const inProcesses = (
  engine: Engine,
  { refuses = true }: Partial<Pick<Host, 'refuses'>> = {},
): Host => {
  const { programs } = engine
  const entry = programs?.durable ?? fileURLToPath(new URL('./programs/durable-main.ts', import.meta.url))
  let built: Promise<string> | undefined
  const program = (): Promise<string> => {
    built ??= buildProgram(entry, programs?.home)
    return built
  }
  const travel = asProcess(engine)
  return {
    name: `${engine.name}, in processes of their own`,
    refuses,
    make: async () => {
      const { around, folder, remove } = folderOf()
      const place = await engine.make()
      const path = await program()
      return {
        around,
        folder,
        open: place.open,
        outside: place.outside,
        travel: (trip) => travel(place, trip),
        start(job) {
          const child = startProgram(path, [place.target ?? '', folder, JSON.stringify(job)])
          return {
            ready: child.said('ready'),
            outcome: child.gone.then(({ lines, signal, said }) => {
              if (lines[1] !== undefined) return JSON.parse(lines[1]) as Outcome
              if (signal !== 'SIGKILL') throw new Error(`The process ended without an outcome: ${said}`)
              return undefined
            }),
            async kill() {
              child.signal('SIGKILL')
              await child.gone
            },
            pause: () => child.signal('SIGSTOP'),
            proceed: () => child.signal('SIGCONT'),
          }
        },
        async close() {
          await place.close()
          remove()
        },
      }
    },
  }
}
