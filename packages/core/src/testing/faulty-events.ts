import type { UpstreamFaults } from './upstream-reply.ts'
import type { WireEvent } from './wire-event.ts'

type Fields = { [field: string]: unknown }

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TERMINAL = new Set<unknown>(['response.completed', 'response.incomplete', 'response.failed'])

const changedIds = (event: WireEvent, k: number): WireEvent => {
  const change = (item: unknown): unknown =>
    isFields(item) && typeof item.id === 'string' ? { ...item, id: `${item.id}_${k}` } : item
  const changed: WireEvent = { ...event }
  if (typeof event.item_id === 'string') changed.item_id = `${event.item_id}_${k}`
  if (event.item !== undefined) changed.item = change(event.item)
  if (isFields(event.response) && Array.isArray(event.response.output)) {
    changed.response = { ...event.response, output: event.response.output.map(change) }
  }
  return changed
}

const withoutUsage = (response: Fields, how: UpstreamFaults['noUsage']): Fields => {
  if (how === 'absent') {
    const { usage: _usage, ...rest } = response
    return rest
  }
  const empty = { input_tokens: null, output_tokens: null, total_tokens: null }
  return { ...response, usage: how === 'null-counters' ? empty : null }
}

const faulty = (event: WireEvent, k: number, faults: UpstreamFaults): WireEvent => {
  let changed = faults.changeIds ? changedIds(event, k) : event
  if (faults.emptyTerminalOutput && TERMINAL.has(event.type) && isFields(changed.response)) {
    changed = { ...changed, response: { ...changed.response, output: [] } }
  }
  if (faults.noUsage && isFields(changed.response)) {
    changed = { ...changed, response: withoutUsage(changed.response, faults.noUsage) }
  }
  if (faults.noUsage && 'choices' in changed) changed = withoutUsage(changed, faults.noUsage)
  return changed
}

const errorEvent = (faults: UpstreamFaults, sequence_number: number): WireEvent => {
  const { errorCode: code = 'server_error', errorMessage: message = 'The server had an error.' } = faults
  if (faults.errorEvent === 'flat') return { type: 'error', sequence_number, code, message, param: null }
  return { type: 'error', sequence_number, error: { type: code, code, message, param: null } }
}

/** The events with the faults that concern their content and number. */
export async function* faultyEvents(
  events: Iterable<WireEvent> | AsyncIterable<WireEvent>,
  faults: UpstreamFaults,
): AsyncGenerator<WireEvent> {
  const { errorAt = 2 } = faults
  let k = 0
  let begun: unknown
  for await (const event of events as Iterable<WireEvent>) {
    begun ??= event.response
    if (faults.errorEvent && k === errorAt) {
      yield errorEvent(faults, k)
      if (faults.errorThenFailed) yield failedEvent(begun, faults, k + 1)
      return
    }
    const place = k++
    if (faults.noTerminal && TERMINAL.has(event.type)) continue
    if (faults.omit?.includes(String(event.type))) continue
    const changed = faulty(event, place, faults)
    const mapped = faults.mapEvent ? faults.mapEvent(changed, place) : changed
    if (mapped === undefined) continue
    if (Array.isArray(mapped)) yield* mapped as readonly WireEvent[]
    else yield mapped as WireEvent
  }
}

const failedEvent = (begun: unknown, faults: UpstreamFaults, sequence_number: number): WireEvent => ({
  type: 'response.failed',
  sequence_number,
  response: {
    ...(isFields(begun) ? begun : undefined),
    status: 'failed',
    error: {
      code: faults.errorCode ?? 'server_error',
      message: faults.errorMessage ?? 'The server had an error.',
    },
  },
})
