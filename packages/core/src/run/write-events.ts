import { JournalError } from '../errors/journal-error.ts'
import type { RunEvent } from '../events/events.ts'
import type { OpenRun } from '../journal/run-store.ts'
import { asPlainJson } from '../tools/json-text.ts'

/** Writes events for whoever follows. What a tool tells may be no JSON, and would take all that comes with it along: in its place stands why. */
export const writeEvents = async (open: OpenRun, events: readonly RunEvent[]): Promise<void> => {
  try {
    await open.appendEvents(events)
  } catch (error) {
    if (error instanceof JournalError) throw error
    await open.appendEvents(events.map(asWritable))
  }
}

/** An event as JSON can say it; in the place of a field that is none stands why. */
const asWritable = (event: RunEvent): RunEvent => {
  const plain = asPlainJson(event)
  if (plain.ok) return plain.value as RunEvent
  const fields = Object.entries(event).map(([name, value]): [string, unknown] => {
    // An event of a sub-agent, wrapped.
    if (name === 'event') return [name, asWritable(value as RunEvent)]
    const own = asPlainJson(value)
    return [name, own.ok ? own.value : `(no JSON: ${own.reason})`]
  })
  return Object.fromEntries(fields) as unknown as RunEvent
}
