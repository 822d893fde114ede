import { createEventMeter, eventTooLarge } from './event-size.ts'
import { FrameReader } from './frame-reader.ts'
import { HeldBytes } from './held-bytes.ts'
import { createUtf8Decode } from './utf8.ts'

/** How a decoder reports, and what it refuses. */
export interface SseDecoderOptions {
  /**
   * Called for each event, in order, as soon as its blank line came; `name` is the frame's `event:` line, if any.
   * The event is the receiver's own. What the callback throws comes out of `push` or `end`.
   */
  onEvent(data: Record<string, unknown>, name?: string): void
  /** Largest single event in bytes. @defaultValue 67,108,864 (64 MiB) */
  maxEventBytes?: number
}

/** An incremental reader of one `text/event-stream` body whose data is JSON. */
export interface SseDecoder {
  /**
   * Takes the next bytes of the body, cut anywhere; keeps no reference to them.
   *
   * Throws `AntiphonError` `invalid_event` for data that is no JSON object, `event_too_large` over the limit. A decoder
   * that threw is spent: it throws the same error again.
   */
  push(chunk: Uint8Array): void
  /** Ends the body: a last event without its blank line is delivered if its JSON is whole, else dropped silently. */
  end(): void
  /** Ignores whatever else comes; for a consumer that has seen its terminal event, callable from `onEvent`. */
  stop(): void
}

const DEFAULT_MAX_EVENT_BYTES = 64 * 1024 * 1024
const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/**
 * Makes a decoder for one stream.
 *
 * Bytes are cut at the last blank line before they are decoded, so that no character is cut. From the first CR on, the
 * rest of the stream is decoded piece by piece instead: with CRLF there is no `\n\n` to cut at.
 * `[DONE]`, empty data and comments inside data are skipped; data without `type` gets it from the frame's event name.
 * Source: WHATWG HTML, server-sent events.
 */
export const createSseDecoder = (options: SseDecoderOptions): SseDecoder => new Decoder(options)

// A class, not closures: its methods live as long as the module, so that code optimised for them survives the stream.
class Decoder implements SseDecoder {
  readonly #maxEventBytes: number
  readonly #decodeUtf8 = createUtf8Decode()
  readonly #held = new HeldBytes()
  readonly #frames: FrameReader
  #pieces: InstanceType<typeof TextDecoder> | undefined
  #meter: ((bytes: Uint8Array) => void) | undefined
  #stopped = false
  #failure: { error: unknown } | undefined

  constructor(options: SseDecoderOptions) {
    this.#maxEventBytes = options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES
    this.#frames = new FrameReader(options)
  }

  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#stopped) return
    try {
      if (this.#pieces === undefined) this.#read(chunk)
      else this.#readPiece(chunk)
    } catch (error) {
      this.#spend(error)
    }
  }

  end(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#stopped) return
    this.#stopped = true
    try {
      this.#frames.readLast(
        this.#pieces === undefined ? this.#decodeUtf8(this.#held.take()) : this.#pieces.decode(),
      )
    } catch (error) {
      this.#spend(error)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#frames.stop()
  }

  #read(chunk: Uint8Array): void {
    const held = this.#held
    let end = endOfLastFrame(chunk)
    if (held.length === 0 && end === chunk.length && end <= this.#maxEventBytes) {
      const text = this.#decodeUtf8(chunk)
      if (text.includes('\r')) this.#readPiecesFromHere(chunk)
      else this.#frames.readFrames(text)
      return
    }
    if (end === 0 && held.endsWithLineFeed() && chunk[0] === LINE_FEED) end = 1
    // Only the meter tells one event over the limit from many below it.
    if (chunk.includes(CARRIAGE_RETURN) || (end > 0 && held.length + end > this.#maxEventBytes)) {
      this.#readPiecesFromHere(chunk)
      return
    }
    if (end > 0) {
      const head = chunk.subarray(0, end)
      if (held.length > 0) held.add(head)
      this.#frames.readFrames(this.#decodeUtf8(held.length > 0 ? held.take() : head))
    }
    held.add(chunk.subarray(end))
    if (held.length > this.#maxEventBytes) throw eventTooLarge(this.#maxEventBytes)
  }

  #readPiecesFromHere(chunk: Uint8Array): void {
    this.#readPiece(this.#held.take())
    this.#readPiece(chunk)
  }

  #readPiece(bytes: Uint8Array): void {
    this.#pieces ??= new TextDecoder('utf-8', { ignoreBOM: true })
    this.#meter ??= createEventMeter(this.#maxEventBytes)
    this.#meter(bytes)
    this.#frames.readPiece(this.#pieces.decode(bytes, { stream: true }))
  }

  #spend(error: unknown): never {
    this.#failure ??= { error }
    throw this.#failure.error
  }
}

/** Place after the last blank line of the bytes; 0 when there is none. */
const endOfLastFrame = (bytes: Uint8Array): number => {
  let at = bytes.length - 1
  while (at > 0) {
    at = bytes.lastIndexOf(LINE_FEED, at)
    if (at <= 0) return 0
    if (bytes[at - 1] === LINE_FEED) return at + 1
    at -= 1
  }
  return 0
}
