import type { Principal } from '../tenants/principal.ts'

/** One request, as a handler sees it. */
export interface Call {
  readonly method: string
  /** Path of the request, as it was sent, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Only read: none of them goes upstream by itself. */
  readonly headers: Headers
  /** Decoded parameters of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly principal: Principal
  /**
   * The body as JSON; read at the first call, the same value after it.
   *
   * @throws ServeError 400, 413 or 415. An empty body is a 400, or undefined where it `isOptional`.
   */
  json(options?: { readonly isOptional?: boolean }): Promise<unknown>
  /**
   * The body as it comes, of any content type, within `uploadLimitBytes`: for uploads. In the place of `json()`.
   *
   * Iterating throws ServeError 413 as soon as it is over the limit.
   */
  body(): AsyncIterable<Uint8Array>
  /** Aborted when the client leaves before it has all of its answer. */
  readonly signal: AbortSignal
  /** Tells the client something in the header `x-antiphon-warning`; after the answer has begun, only the hook `onWarning`. */
  warn(text: string): void
}

/** Takes the frames of a stream. */
export interface FrameSink {
  /** Takes whole SSE frames, always. False: full, wait for `onDrain`; also when nobody is there any more. */
  write(frames: string): boolean
  /** Ends the stream; nothing is taken after it. Any number of times. */
  end(): void
  /** Called each time there is room again after `write()` was false. */
  onDrain(fn: () => void): void
  /** Called once when the reader has gone before `end()`, at once when it has gone already; never after `end()`. */
  onClose(fn: () => void): void
}

/** What a handler answers. */
export type Reply =
  | {
      readonly kind: 'json'
      readonly status: number
      /** Undefined for no body. */
      readonly body: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  | {
      /** Bytes: as they are there, or as they come. */
      readonly kind: 'content'
      readonly status: number
      readonly content: Uint8Array | AsyncIterable<Uint8Array>
      /** `content-type` among them. */
      readonly headers: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'stream'
      readonly headers?: Readonly<Record<string, string>>
      /** Begins to write. What it returns is called once when the stream is over, whoever ended it. */
      // biome-ignore lint/suspicious/noConfusingVoidType: most return nothing at all
      open(sink: FrameSink): void | (() => void)
    }

/** What a request for a response is answered with. */
export type ResponseReply = Exclude<Reply, { kind: 'content' }>

/** Answers a call; throws `ServeError` for what is refused. */
export type Handler = (call: Call) => Promise<Reply>
