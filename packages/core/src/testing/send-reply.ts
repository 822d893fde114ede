import { faultyEvents } from './faulty-events.ts'
import { doneFrame, frameEvent } from './frame-event.ts'
import type { ReplyWriter } from './reply-writer.ts'
import type { UpstreamFaults } from './upstream-reply.ts'
import type { WireEvent } from './wire-event.ts'

/** How a stream of one kind is written where no fault says otherwise. */
export interface StreamStyle {
  /** Writes the type as `event:` line, too. */
  named: boolean
  doneMarker: boolean
}

/** Streams the events as `text/event-stream`, with their faults. */
export const sendEvents = async (
  writer: ReplyWriter,
  events: Iterable<WireEvent> | AsyncIterable<WireEvent>,
  faults: UpstreamFaults,
  style: StreamStyle,
): Promise<void> => {
  const { framing = 'lf', doneMarker = style.doneMarker } = faults
  const { cutAfterEvents = Number.POSITIVE_INFINITY, stallAfterEvents = Number.POSITIVE_INFINITY } = faults
  await writer.head(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  let sent = 0
  for await (const event of faultyEvents(events, faults)) {
    if (sent >= cutAfterEvents) return writer.cut()
    if (sent >= stallAfterEvents) return writer.hold()
    if (sent > 0) await writer.wait(faults.eventDelayMs ?? 0)
    if (!writer.open) return
    await writer.write(frameEvent(event, framing, sent++, style.named))
  }
  if (sent >= cutAfterEvents) return writer.cut()
  if (sent >= stallAfterEvents) return writer.hold()
  if (doneMarker) await writer.write(doneFrame(framing))
  writer.end()
}

/** Sends one body: text as it is, anything else as JSON. */
export const sendBody = async (
  writer: ReplyWriter,
  status: number,
  body: unknown,
  type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
): Promise<void> => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? {}))
  await writer.head(status, { 'content-type': type })
  await writer.write(bytes)
  writer.end()
}

/** The error body of the contract. Source: Responses API, errors. */
export const errorBody = (code: string, message: string, param: string | null = null): object => ({
  error: { message, type: 'invalid_request_error', param, code },
})
