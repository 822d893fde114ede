import type { ResponseEvent } from '../protocol/events.ts'
import type { Response } from '../protocol/response.ts'
import { createAccumulator } from './accumulator.ts'

/**
 * Folds all events of a response into it.
 *
 * Throws as {@link createAccumulator}'s `finish` does: without a terminal event, and for an `error` event.
 */
export const accumulate = (events: Iterable<ResponseEvent>): Response => {
  const accumulator = createAccumulator()
  for (const event of events) accumulator.push(event)
  return accumulator.finish()
}
