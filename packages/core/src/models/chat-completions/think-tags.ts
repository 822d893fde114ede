const OPEN = '<think>'
const CLOSE = '</think>'

/** What the pieces of a text are. */
export interface ThinkSink {
  thought(text: string): void
  text(text: string): void
}

/**
 * Takes `<think>…</think>` from the start of a streamed text, cut anywhere. Servers without a reasoning parser leave it there.
 *
 * Only at the very start, after white space: later on the tag is part of the answer. White space around the thoughts is dropped.
 */
export class ThinkTags {
  readonly #sink: ThinkSink
  #state: 'start' | 'inside' | 'after' | 'plain' = 'start'
  #held = ''
  #begun = false

  constructor(sink: ThinkSink) {
    this.#sink = sink
  }

  /** True once nothing is looked for any more: text may then be passed by. */
  get isPlain(): boolean {
    return this.#state === 'plain'
  }

  push(piece: string): void {
    const text = this.#held + piece
    this.#held = ''
    if (this.#state === 'inside') return this.#think(text)
    if (this.#state === 'plain') return this.#sink.text(text)
    const start = text.trimStart()
    if (this.#state === 'after') {
      if (start !== '') this.#pass(start)
    } else if (start.startsWith(OPEN)) {
      this.#state = 'inside'
      this.#think(start.slice(OPEN.length))
    } else if (OPEN.startsWith(start)) this.#held = text
    else this.#pass(text)
  }

  /** The text has ended, or something else begins: what was held back is what it looks like. Mere white space is kept only when `keepBlank` says so. */
  flush(keepBlank: boolean): void {
    const text = this.#held
    this.#held = ''
    if (this.#state === 'inside') this.#thought(text.trimEnd())
    else if (text !== '' && (keepBlank || text.trim() !== '')) this.#pass(text)
  }

  #pass(text: string): void {
    this.#state = 'plain'
    this.#sink.text(text)
  }

  #think(text: string): void {
    const close = text.indexOf(CLOSE)
    if (close >= 0) {
      this.#thought(text.slice(0, close).trimEnd())
      this.#state = 'after'
      this.push(text.slice(close + CLOSE.length))
      return
    }
    const keep = text.slice(0, text.length - beginningOf(CLOSE, text)).trimEnd().length
    this.#thought(text.slice(0, keep))
    this.#held = text.slice(keep)
  }

  #thought(text: string): void {
    const thought = this.#begun ? text : text.trimStart()
    if (thought === '') return
    this.#begun = true
    this.#sink.thought(thought)
  }
}

/** How many characters at the end of `text` are the beginning of `tag`. */
const beginningOf = (tag: string, text: string): number => {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--)
    if (text.endsWith(tag.slice(0, length))) return length
  return 0
}
