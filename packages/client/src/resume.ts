import { isAntiphonError } from './errors.ts'
import { isPending } from './poll.ts'
import type { ResponseEvent } from './protocol/events.ts'
import type { Response } from './protocol/response.ts'
import { isTerminalEvent } from './protocol/terminal-event.ts'
import type { ReconnectOptions, ResponseSink } from './request-options.ts'
import { wait } from './wait.ts'

const defaultReconnects = 5
const defaultDelayMs = 500
const maxDelayMs = 8_000

/** One connection: pushes events until the terminal one; resolves with the response when the server sends that instead. */
export type Connection = (sink: ResponseSink) => Promise<Response | undefined>

/** Where to take up a response. */
export interface ResumeSource {
  /** The first connection, when it is not one that resumes. */
  first?: Connection
  /** Opens a connection that brings what follows `startingAfter`; everything when that is undefined. */
  connect: (id: string, startingAfter: number | undefined) => Connection
  /** Reads the response as it is now. */
  look: (id: string) => Promise<Response>
  /** Identifier of the response, when it is known before the first event. */
  id?: string
  /** `sequence_number` of the last event that was already seen. */
  startingAfter?: number
}

/**
 * Pushes the events of a background response over as many connections as it takes, each event once and in order.
 *
 * A connection that is lost after the response is known is opened again after the last `sequence_number`, with back-off;
 * what a server replays from before that number is dropped. Gives up after `reconnects` attempts in a row without a new event,
 * with the error of the last attempt. Without numbers there is nothing to resume from: the loss is reported.
 *
 * Resolves with the response itself when that is done and its server has no more events to tell.
 */
export async function pushResumable(
  source: ResumeSource,
  sink: ResponseSink,
  signal: AbortSignal,
  options: ReconnectOptions,
): Promise<Response | undefined> {
  const { reconnects = defaultReconnects, reconnectDelayMs = defaultDelayMs } = options
  let { id, startingAfter: last } = source
  let failures = 0
  let silent = true
  let broken = false

  const take = (event: ResponseEvent, replaying: boolean): void => {
    silent = false
    const number = (event as { sequence_number?: unknown }).sequence_number
    if (typeof number === 'number') {
      if (last === undefined || number > last) {
        last = number
        failures = 0
      }
      // The terminal event is let through: servers exist that give every event the same number.
      else if (replaying && !isTerminalEvent(event)) return
    }
    id ??= responseIdOf(event)
    try {
      sink(event)
    } catch (error) {
      broken = true
      throw error
    }
  }

  for (let connection = source.first; ; connection = undefined) {
    const replaying = connection === undefined
    silent = true
    try {
      connection ??= source.connect(id as string, last)
      return await connection((event) => take(event, replaying))
    } catch (error) {
      const resumable = id !== undefined && (last !== undefined || replaying)
      if (!resumable || broken || signal.aborted || !isLoss(error)) throw error
      if (replaying && silent && isTruncated(error)) {
        const response = await source.look(id as string).catch(unlessLoss)
        if (response && !isPending(response)) return response
      }
      if (failures++ >= reconnects) throw error
    }
    await wait(Math.min(reconnectDelayMs * 2 ** (failures - 1), maxDelayMs), signal)
  }
}

/** The id of the response that an event is about, if it tells one. */
export const responseIdOf = (event: ResponseEvent): string | undefined => {
  const id = (event as { response?: { id?: unknown } | null }).response?.id
  return typeof id === 'string' ? id : undefined
}

/** The connection or the server failed for now; anything else is an answer. */
const isLoss = (error: unknown): boolean => isAntiphonError(error) && error.retryable

const unlessLoss = (error: unknown): undefined => {
  if (!isLoss(error)) throw error
}

const isTruncated = (error: unknown): boolean => isAntiphonError(error) && error.code === 'stream_truncated'
