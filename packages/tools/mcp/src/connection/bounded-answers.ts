import type { FetchLike } from '@modelcontextprotocol/client'

/**
 * A `fetch` whose answers may not hold a message longer than `maxMessageBytes`: of a stream of events each one counts by itself, of anything else the whole.
 *
 * The body fails at the byte over it, so that nothing is gathered that a server sends without end.
 */
export const boundedAnswers =
  (send: FetchLike, maxMessageBytes: number): FetchLike =>
  async (url, init) => {
    const answer = await send(url, init)
    if (answer.body === null) return answer
    const isStream = /^text\/event-stream\b/i.test(answer.headers.get('content-type') ?? '')
    const body = answer.body.pipeThrough(countedBytes(maxMessageBytes, isStream))
    const { status, statusText, headers } = answer
    return new Response(body, { status, statusText, headers })
  }

const NEWLINE = 10
const RETURN = 13

const countedBytes = (limit: number, perEvent: boolean): TransformStream<Uint8Array, Uint8Array> => {
  let size = 0
  // True after a line end, so that another one is the empty line that ends an event.
  let atLineStart = false
  return new TransformStream({
    transform: (chunk, controller) => {
      if (!perEvent) size += chunk.byteLength
      else
        for (const byte of chunk) {
          if (byte === RETURN) continue
          size = byte === NEWLINE && atLineStart ? 0 : size + 1
          atLineStart = byte === NEWLINE
        }
      if (size > limit) throw new RangeError(`The server sent a message of more than ${limit} bytes.`)
      controller.enqueue(chunk)
    },
  })
}
