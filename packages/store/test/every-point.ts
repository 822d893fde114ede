import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogRecord, RunResult } from 'antiphon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine, Place } from './engines.ts'
import { effectsIn, problemsOf } from './journey.ts'
import { asHandle, asProcess, type GoOn } from './journeys.ts'

/** Processes at once. */
const AT_ONCE = 2

/** One in how many points is tried; `EVERY_POINT=1` tries them all. */
export interface Density {
  /** In one process, where what is cut never goes on. Undefined for an engine that is one per process. */
  readonly handles?: number
  /** With a process that is really killed. Undefined for a store that ends with its process. */
  readonly processes?: number
  /** Processes that come and go in peace. @defaultValue 60 */
  readonly peaceful?: number
}

const ALL = process.env.EVERY_POINT !== undefined

/** Cuts a run with parallel calls, a sub-agent and two approvals before and after each write, inside each model call and inside each call, and lets another process end it. */
export const everyPoint = (engine: Engine, { handles, processes, peaceful = 60 }: Density): void => {
  const inProcess = asProcess(engine)
  // What a store alone can do goes fastest in the process of the test.
  const atHand = engine.programs === undefined ? asHandle : inProcess

  describe(`a run that is cut at any point, ${engine.name}`, () => {
    let place: Place
    let folder: string
    let whole: RunResult
    let points: readonly string[]
    let wholeEffects: number

    const tripOf = (runId: string) => ({ runId, file: join(folder, runId) })
    const effectsOf = (runId: string): string[] => effectsIn(tripOf(runId).file).lines()
    const logOf = async (runId: string): Promise<readonly LogRecord[]> => {
      const store = place.reader()
      return (await store.get(runId)) === undefined ? [] : store.read(runId)
    }

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'antiphon-journey-'))
      place = await engine.make()
      const { result, reached } = await atHand(place, tripOf('whole'))
      whole = result as RunResult
      wholeEffects = effectsOf('whole').length
      points = reached
    }, 60_000)
    afterAll(async () => {
      await place?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    /** Cuts a run at a point, ends it in another life, and says what has not survived. */
    const cut = async (runId: string, point: number, goOn: GoOn, takeOver: boolean): Promise<string[]> => {
      const trip = tripOf(runId)
      const told = (problem: string): string => `${point} ${points[point]}: ${problem}`
      try {
        const { result: uncut } = await goOn(place, { ...trip, diesAt: point })
        if (uncut !== undefined) return [told('it was not cut')]
        const [cutLog, cutEffects] = [await logOf(runId), effectsOf(runId)]
        const { result } = await atHand(place, { ...trip, takeOver })
        if (result === undefined) return [told('it was cut again')]
        const [log, effects] = [await logOf(runId), effectsOf(runId)]
        return problemsOf({ whole, result, cutLog, cutEffects, log, effects }).map(told)
      } catch (error) {
        return [told(String(error))]
      }
    }

    it('has as many points as it should', () => {
      expect(points.length).toBeGreaterThan(100)
      for (const kind of [/^before /, /^after /, / asked$/, / begun$/, / called$/, / under way$/, / done$/])
        expect(points.filter((point) => kind.test(point)).length).toBeGreaterThan(4)
    })

    if (handles !== undefined)
      it('goes on in another handle of the same process', async () => {
        const failures: string[] = []
        for (let n = 0; n < points.length; n += ALL ? 1 : handles) {
          failures.push(...(await cut(`cut-${n}`, n, asHandle, true)))
          await place.closeHandles()
        }
        expect(failures).toEqual([])
      }, 60_000)

    if (processes === undefined) return

    it(
      'goes on after its process was killed',
      async () => {
        const failures: string[] = []
        const left = points.flatMap((_, n) => (ALL || n % processes === 0 ? [n] : []))
        const killSome = async (): Promise<void> => {
          // The process is gone, so the run is free: nobody has to take it.
          for (let n = left.shift(); n !== undefined; n = left.shift())
            failures.push(...(await cut(`killed-${n}`, n, inProcess, false)))
        }
        await Promise.all(Array.from({ length: AT_ONCE }, killSome))
        expect(failures).toEqual([])
      },
      ALL ? 1_200_000 : 120_000,
    )

    it(
      'loses nothing while processes that write come and go',
      async () => {
        const failures: string[] = []
        const left = Array.from({ length: ALL ? 5 * peaceful : peaceful }, (_, n) => `whole-${n}`)
        const runSome = async (): Promise<void> => {
          for (let runId = left.shift(); runId !== undefined; runId = left.shift()) {
            const end = await inProcess(place, tripOf(runId)).catch(String)
            const log = await logOf(runId)
            if (typeof end === 'string' || log.at(-1)?.kind !== 'end')
              failures.push(`${runId}: ${end} ${log.length}`)
            if (effectsOf(runId).length !== wholeEffects) failures.push(`${runId}: ${effectsOf(runId)}`)
          }
        }
        await Promise.all(Array.from({ length: AT_ONCE + 1 }, runSome))
        expect(failures).toEqual([])
      },
      ALL ? 1_200_000 : 120_000,
    )
  })
}
