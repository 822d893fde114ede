import { AntiphonError } from '../errors.ts'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** The typed error for an event over the limit. */
export const eventTooLarge = (maxEventBytes: number): AntiphonError<'event_too_large'> =>
  new AntiphonError(
    'event_too_large',
    `A single event of the stream is larger than ${maxEventBytes} bytes (maxEventBytes). ` +
      'Raise the limit if answers of this size are expected; otherwise the server does not send server-sent events.',
  )

/**
 * Counts the bytes of each event in a stream with any kind of line end, and throws `event_too_large` over the limit.
 *
 * An event's size runs from its first byte to its blank line, line ends included, the blank line not.
 */
export const createEventMeter = (maxEventBytes: number): ((bytes: Uint8Array) => void) => {
  let size = 0
  let lineIsEmpty = true
  let afterReturn = false
  return (bytes) => {
    for (const byte of bytes) {
      const secondOfPair = afterReturn && byte === LINE_FEED
      afterReturn = byte === CARRIAGE_RETURN
      if (secondOfPair) {
        if (size > 0) size += 1
      } else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        size = lineIsEmpty ? 0 : size + 1
        lineIsEmpty = true
      } else {
        size += 1
        lineIsEmpty = false
      }
      if (size > maxEventBytes) throw eventTooLarge(maxEventBytes)
    }
  }
}
