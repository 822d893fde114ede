// How a process goes on a journey (journey.ts): as a handle of this process that plays dead, or as a process of its own.
import { fileURLToPath } from 'node:url'
import type { RunResult } from 'antiphon'
import { Life } from '../../core/test/mortal.ts'
import type { Engine, Place } from './engines.ts'
import { travel } from './journey.ts'
import { buildProgram, startProgram } from './programs/program.ts'
import { type Trip, travellerOf } from './trip.ts'

/** How it went. */
export interface TripEnd {
  /** Points that were reached, where it was not a process that was killed. */
  readonly reached: readonly string[]
  /** Undefined when it was killed. */
  readonly result: RunResult | undefined
}

/** Goes on a trip; fails when that ends in another way than as a result or by being killed. */
export type GoOn = (place: Place, trip: Trip) => Promise<TripEnd>

export const asHandle: GoOn = async (place, trip) => {
  const { runId, diesAt, takeOver = false } = trip
  const life = new Life(diesAt)
  const whole = travel(place.open(), runId, travellerOf(trip, life), { takeOver })
  const result = await Promise.race([whole, life.over.then(() => undefined)])
  return { reached: life.reached, result }
}

export const asProcess = ({ programs }: Engine): GoOn => {
  const entry = programs?.journey ?? fileURLToPath(new URL('./programs/journey-main.ts', import.meta.url))
  let built: Promise<string> | undefined
  return async (place, trip) => {
    built ??= buildProgram(entry, programs?.home)
    const child = startProgram(await built, [place.target ?? '', JSON.stringify(trip)])
    const { signal, code, said, lines } = await child.gone
    if (signal === 'SIGKILL') return { reached: [], result: undefined }
    if (code !== 0 || lines[0] === undefined) throw new Error(`It ended with ${code}: ${said}`)
    // By the log alone: what has to be done once more shows in the effects.
    const result = await travel(place.reader(), trip.runId, travellerOf(trip, new Life()))
    return { reached: JSON.parse(lines[0]) as string[], result }
  }
}
