import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LogRecord, RunResult, RunStore } from 'antiphon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Life } from '../../core/test/mortal.ts'
import { type Effects, effectsIn, problemsOf, travel } from './journey.ts'
import { buildProgram, startProgram } from './programs/program.ts'

/** Where the runs of a test are kept. */
export interface Place {
  /** A handle of its own on the same runs. */
  open(): RunStore
  /** Where another process finds them. */
  readonly target?: string
  /** Closes the handles, and keeps the runs. */
  closeHandles(): Promise<void>
  close(): Promise<void>
}

/** A kind of store that is tried. */
export interface Engine {
  readonly name: string
  make(): Promise<Place>
}

/** Processes at once. */
const AT_ONCE = 2

/** A point that no journey reaches. */
const NEVER = 1_000_000

/** One in how many points is tried; `EVERY_POINT=1` tries them all. */
export interface Density {
  /** In one process, where what is cut never goes on. */
  readonly handles: number
  /** With a process that is really killed. Undefined for a store that ends with its process. */
  readonly processes?: number
}

const ALL = process.env.EVERY_POINT !== undefined

/** Cuts a run with parallel calls, a sub-agent and two approvals before and after each write, inside each model call and inside each call, and lets another process end it. */
export const everyPoint = ({ name, make }: Engine, { handles, processes }: Density): void => {
  describe(`a run that is cut at any point, ${name}`, () => {
    let place: Place
    let folder: string
    let whole: RunResult
    let points: readonly string[]
    let wholeEffects: number

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'antiphon-journey-'))
      place = await make()
      const life = new Life()
      const effects = effectsIn(join(folder, 'whole'))
      whole = await travel(place.open(), 'whole', { life, effects })
      wholeEffects = effects.lines().length
      points = life.reached
    }, 60_000)
    afterAll(async () => {
      await place?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    /** What the log and the world were when the process had been killed. */
    const after = async (runId: string, effects: Effects): Promise<[readonly LogRecord[], string[]]> => {
      const store = place.open()
      const log = (await store.get(runId)) === undefined ? [] : await store.read(runId)
      return [log, effects.lines()]
    }

    /** Ends the run in another life, and says what has not survived. */
    const goOn = async (runId: string, effects: Effects, takeOver: boolean): Promise<string[]> => {
      const [cutLog, cutEffects] = await after(runId, effects)
      try {
        const traveller = { life: new Life(), effects }
        const result = await travel(place.open(), runId, traveller, { takeOver })
        const [log, lines] = await after(runId, effects)
        return problemsOf({ whole, result, cutLog, cutEffects, log, effects: lines })
      } catch (error) {
        return [String(error)]
      }
    }

    it('has as many points as it should', () => {
      expect(points.length).toBeGreaterThan(100)
      for (const kind of [/^before /, /^after /, / asked$/, / begun$/, / called$/, / under way$/, / done$/])
        expect(points.filter((point) => kind.test(point)).length).toBeGreaterThan(4)
    })

    it('goes on in another handle of the same process', async () => {
      const failures: string[] = []
      for (let n = 0; n < points.length; n += ALL ? 1 : handles) {
        const effects = effectsIn(join(folder, `cut-${n}`))
        const first = new Life(n)
        const end = await Promise.race([
          travel(place.open(), `cut-${n}`, { life: first, effects }).catch((error: unknown) => error),
          first.over,
        ])
        const told = (problem: string): string => `${n} ${first.reached.at(-1)}: ${problem}`
        if (end !== undefined) failures.push(told(`it was not cut: ${end}`))
        failures.push(...(await goOn(`cut-${n}`, effects, true)).map(told))
        await place.closeHandles()
      }
      expect(failures).toEqual([])
    }, 60_000)

    if (processes === undefined) return

    it('goes on after its process was killed', async () => {
      const program = await buildProgram(
        fileURLToPath(new URL('./programs/journey-main.ts', import.meta.url)),
      )
      const failures: string[] = []
      const left = points.flatMap((_, n) => (ALL || n % processes === 0 ? [n] : []))
      const killSome = async (): Promise<void> => {
        for (let n = left.shift(); n !== undefined; n = left.shift()) {
          const file = join(folder, `killed-${n}`)
          const args = [place.target ?? '', `killed-${n}`, file, String(n)]
          const { signal, said } = await startProgram(program, args).gone
          if (signal !== 'SIGKILL') failures.push(`${n}: it was not killed: ${said}`)
          // The process is gone, so the run is free: nobody has to take it.
          const problems = await goOn(`killed-${n}`, effectsIn(file), false)
          failures.push(...problems.map((problem) => `${n} ${points[n]}: ${problem}`))
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, killSome))
      expect(failures).toEqual([])
    }, 120_000)

    it('loses nothing while processes that write come and go', async () => {
      const program = await buildProgram(
        fileURLToPath(new URL('./programs/journey-main.ts', import.meta.url)),
      )
      const failures: string[] = []
      const left = Array.from({ length: ALL ? 300 : 60 }, (_, n) => n)
      const runSome = async (): Promise<void> => {
        for (let n = left.shift(); n !== undefined; n = left.shift()) {
          const effects = effectsIn(join(folder, `whole-${n}`))
          const args = [place.target ?? '', `whole-${n}`, join(folder, `whole-${n}`), String(NEVER)]
          const { code, said } = await startProgram(program, args).gone
          const [log] = await after(`whole-${n}`, effects)
          if (code !== 0 || log.at(-1)?.kind !== 'end' || effects.lines().length !== wholeEffects)
            failures.push(`${n}: ${code} ${log.length} ${said}`)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE + 1 }, runSome))
      expect(failures).toEqual([])
    }, 120_000)
  })
}
