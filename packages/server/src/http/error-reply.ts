import { encodeSse, SSE_DONE } from '@antiphon/client'
import { ServeError } from '../request/serve-error.ts'
import type { FrameSink } from './reply.ts'

/** What a client is told of an error: all of a `ServeError`, of anything else only that it happened. */
export const tellable = (error: unknown, requestId?: string): ServeError =>
  error instanceof ServeError
    ? error
    : new ServeError(500, {
        message: `Internal error${requestId === undefined ? '' : ` (request id ${requestId})`}. Try again; if it stays, ask the operator of this server.`,
        type: 'server_error',
        code: 'server_error',
      })

/** An error as an event. Some read it flat, others nested; so it is both. */
export const errorEvent = (error: ServeError): { type: 'error'; [field: string]: unknown } => {
  const { code, message, param, type } = error
  return { type: 'error', code, message, param, error: { type, code, message, param } }
}

/** An error inside of a stream, as a frame. */
export const errorFrame = (error: ServeError, sequenceNumber = 0): string =>
  encodeSse({ ...errorEvent(error), sequence_number: sequenceNumber } as { type: string })

/** Ends a stream that has begun with an error. */
export const endWithError = (sink: FrameSink, error: ServeError, sequenceNumber?: number): void => {
  sink.write(errorFrame(error, sequenceNumber) + SSE_DONE)
  sink.end()
}
