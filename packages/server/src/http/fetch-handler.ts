import { createAnswer, type Incoming, type Outgoing } from './answer.ts'
import { FrameStream, type StreamOptions } from './frame-stream.ts'
import type { HttpOptions } from './http-options.ts'
import { readWebBody, webPieces, withinLimit } from './read-body.ts'
import { createStreams, type Streams } from './streams.ts'

/** Answers a request of the fetch kind; never rejects. */
export type FetchHandler = (request: Request) => Promise<Response>

/** Bytes that wait in a stream before its writer has to. */
const HIGH_WATER_BYTES = 16_384

/** Makes the handler for everything that speaks `Request` and `Response`: Hono, Next, Bun, Deno, or Express by an adapter. `streams` may be ended by `shutAll()`. */
export const createFetchHandler = (
  options: HttpOptions,
  streams: Streams = createStreams(options),
): FetchHandler => {
  const answer = createAnswer(options)
  return async (request) => {
    const controller = new AbortController()
    const gone = (): void => controller.abort(new Error('The client has gone.'))
    if (request.signal.aborted) gone()
    else request.signal.addEventListener('abort', gone, { once: true })
    const done = (): void => request.signal.removeEventListener('abort', gone)

    const outgoing = await answer(incomingOf(request, controller.signal))
    if (outgoing.kind === 'stream')
      return streamed(outgoing, streams, { signal: controller.signal, gone, done })
    done()
    if (outgoing.kind === 'content')
      return new Response(bodyOf(outgoing.content), { status: outgoing.status, headers: outgoing.headers })
    return new Response(outgoing.body, { status: outgoing.status, headers: outgoing.headers })
  }
}

/** Bytes as a body of the fetch kind. */
const bodyOf = (
  content: Uint8Array | AsyncIterable<Uint8Array>,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> => {
  if (content instanceof Uint8Array) return content as Uint8Array<ArrayBuffer>
  const iterator = content[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

const incomingOf = (request: Request, signal: AbortSignal): Incoming => {
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    path: pathname,
    search,
    headers: request.headers,
    read: (limitBytes) => readWebBody(request.body, limitBytes),
    pieces: (limitBytes) => withinLimit(webPieces(request.body), limitBytes),
    signal,
  }
}

const streamed = (
  outgoing: Outgoing & { kind: 'stream' },
  options: StreamOptions,
  { signal, gone, done }: { signal: AbortSignal; gone(): void; done(): void },
): Response => {
  const encoder = new TextEncoder()
  let stream: FrameStream
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const outlet = {
          push: (text: string): boolean => {
            controller.enqueue(encoder.encode(text))
            return (controller.desiredSize ?? 0) > 0
          },
          end: () => controller.close(),
          cut: () => controller.error(new Error('The reader took nothing for too long.')),
        }
        stream = new FrameStream(outlet, options)
        const left = (): void => {
          stream.closed()
          // A reader that is still there learns that nothing more comes.
          controller.error(signal.reason)
        }
        stream.onOver(() => {
          signal.removeEventListener('abort', left)
          done()
        })
        signal.addEventListener('abort', left, { once: true })
        // Its writer has begun already: it learns only here that nobody is there any more.
        outgoing.open(stream)
        if (signal.aborted) left()
      },
      pull: () => stream.drained(),
      cancel: () => gone(),
    },
    { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk?.length ?? 0 },
  )
  return new Response(body, { headers: outgoing.headers })
}
