import { DeltaReader } from './delta-reader.ts'
import { readEventData } from './event-data.ts'
import { createGeneralReader, type GeneralReader } from './general-reader.ts'

const LINE_FEED = 10
const BYTE_ORDER_MARK = 0xfeff
const EVENT_FIELD = 'event: '
const DATA_FIELD = 'data: '

/** Who takes the events of a stream. */
export interface EventTaker {
  onEvent(data: Record<string, unknown>, name?: string): void
}

/**
 * Reads decoded text of a stream, from its beginning on, and hands on its events.
 *
 * Frames of exactly `event: T`, `data: J` (or only `data: J`) are read in place; a comment, another field, several data
 * lines or other spacing go to the general parser, which gives the same for the frames it shares with the fast path.
 */
export class FrameReader {
  readonly #taker: EventTaker
  readonly #deltas = new DeltaReader()
  #general: GeneralReader | undefined
  #atStart = true
  #stopped = false
  #lenient = false

  constructor(taker: EventTaker) {
    this.#taker = taker
  }

  /** Takes text without any CR that starts at a frame and ends with a blank line. */
  readFrames(region: string): void {
    const text = this.#withoutMark(region)
    let at = 0
    while (at < text.length && !this.#stopped) {
      if (text.charCodeAt(at) === LINE_FEED) at += 1
      else at = this.#readFrame(text, at)
    }
  }

  /** Takes text cut anywhere, with any line ends; after it, `readFrames` must not be used again. */
  readPiece(text: string): void {
    this.#feed(this.#withoutMark(text))
  }

  /** Takes the last text: what has no blank line counts as whole, and data that is no JSON as cut off. */
  readLast(text: string): void {
    this.#lenient = true
    if (text !== '' || this.#general !== undefined) this.#feed(`${this.#withoutMark(text)}\n\n`)
    this.#stopped = true
  }

  /** Nothing is handed on any more. */
  stop(): void {
    this.#stopped = true
  }

  /** Reads the frame at `start` and gives the place after its blank line. */
  #readFrame(text: string, start: number): number {
    const deltas = this.#deltas
    const delta = deltas.read(text, start)
    if (delta !== undefined) {
      const { end } = deltas
      this.#taker.onEvent(delta, deltas.name)
      return end
    }
    let at = start
    let name: string | undefined
    if (text.startsWith(EVENT_FIELD, at)) {
      const lineEnd = text.indexOf('\n', at)
      name = text.slice(at + EVENT_FIELD.length, lineEnd) || undefined
      at = lineEnd + 1
    }
    if (text.startsWith(DATA_FIELD, at)) {
      const json = at + DATA_FIELD.length
      const lineEnd = text.indexOf('\n', at)
      if (text.charCodeAt(lineEnd + 1) === LINE_FEED) {
        const event = this.#parse(text.slice(json, lineEnd), name)
        if (event === undefined) return lineEnd + 2
        // Before the event is handed on: its new owner may write on it.
        deltas.learn(text, start, json, lineEnd + 2, event, name)
        this.#taker.onEvent(event, name)
        return lineEnd + 2
      }
    }
    const end = text.indexOf('\n\n', start) + 2
    this.#feed(text.slice(start, end))
    return end
  }

  #parse(data: string, name: string | undefined): Record<string, unknown> | undefined {
    if (this.#stopped) return undefined
    const read = readEventData(data, name)
    if (read.kind === 'event') return read.event
    if (read.kind === 'malformed' && !this.#lenient) throw read.error
    return undefined
  }

  /** The general parser is made when the first frame needs it: most streams never do. */
  #feed(text: string): void {
    this.#general ??= createGeneralReader((data, name) => {
      const event = this.#parse(data, name)
      if (event !== undefined) this.#taker.onEvent(event, name)
    })
    this.#general.feed(text)
  }

  #withoutMark(text: string): string {
    if (!this.#atStart || text === '') return text
    this.#atStart = false
    return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
  }
}
