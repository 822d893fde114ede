import { createParser } from 'eventsource-parser'

/** Reads text of `text/event-stream` in any framing, for whatever the fast path does not take. */
export interface GeneralReader {
  /** Takes the next piece of text; a line end at its end is complete, also a lone CR. */
  feed(text: string): void
}

/**
 * Makes a reader that hands on the data and the event name of each frame as soon as its blank line came.
 */
export const createGeneralReader = (
  onFrame: (data: string, name: string | undefined) => void,
): GeneralReader => {
  const parser = createParser({ onEvent: (message) => onFrame(message.data, message.event) })
  // The parser drops a Latin-1 BOM from the first text it is given, which here may be the middle of the stream.
  parser.feed('\n')
  let afterReturn = false
  return {
    feed(text) {
      if (text === '') return
      const rest = afterReturn && text.startsWith('\n') ? text.slice(1) : text
      afterReturn = text.endsWith('\r')
      // The parser holds a CR back until it knows whether an LF follows; CR framing would lag one event behind.
      if (rest !== '') parser.feed(afterReturn ? `${rest}\n` : rest)
    },
  }
}
