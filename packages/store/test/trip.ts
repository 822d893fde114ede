import type { Life } from '../../core/test/mortal.ts'
import { effectsIn, type Traveller } from './journey.ts'

/** What one process is to do: travel to the end, or to the point where it is killed. */
export interface Trip {
  readonly runId: string
  /** File of effects. */
  readonly file: string
  /** Number of a point, from 0, or its name. @defaultValue it is not killed */
  readonly diesAt?: number | string
  /** Which of `PACES` its calls have. @defaultValue 0 */
  readonly pace?: number
  /** Takes the run from a handle that plays dead, which a store cannot know. A process that is gone has let go of it. */
  readonly takeOver?: boolean
}

/** What the n-th call takes, in turns of the event loop. */
const PACES: readonly ((n: number) => number)[] = [
  (n) => n % 3,
  (n) => (n * 7) % 5,
  (n) => 6 - ((n * 5) % 7),
  () => 0,
]

/** Who goes on this trip, in the process that is asked. */
export const travellerOf = ({ file, pace = 0 }: Trip, life: Life): Traveller => {
  const takes = PACES[pace]
  return { life, effects: effectsIn(file), ...(takes && { takes }) }
}
