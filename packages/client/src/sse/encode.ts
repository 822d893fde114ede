/** The frame that some servers send after the last event. */
export const SSE_DONE = 'data: [DONE]\n\n'

/**
 * Writes an event as a frame of `text/event-stream`: `event: <type>`, one `data:` line, a blank line.
 *
 * Safe for any event whose `type` has no line end: JSON text never has one. Throws what `JSON.stringify` throws (cycles, BigInt).
 */
export const encodeSse = (event: { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** Writes a comment that readers ignore, to keep a quiet connection open; line ends in the text start new comment lines. */
export const encodeSseComment = (text: string): string =>
  `${text
    .split(/\r\n|\r|\n/)
    .map((line) => `: ${line}\n`)
    .join('')}\n`
