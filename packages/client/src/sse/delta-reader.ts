import { type DeltaTemplate, fillTemplate, learnTemplate } from './delta-template.ts'

const MAX_FRAME_LENGTH = 4096
/** Templates that are made in vain before the stream is taken for one that does not repeat itself. */
const PATIENCE = 16
/** Frames that must match for a template to have been worth making. */
const WORTHWHILE_HITS = 8
/** A template costs as much as parsing some ten deltas: made only for an item that comes in many. */
const DELTAS_IN_A_ROW = 16

/** Reads deltas that repeat one another, by the frame they have in common; learns from the sixteenth delta in a row of the same item. */
export class DeltaReader {
  #template: DeltaTemplate | undefined
  #patience = PATIENCE
  #lastType: unknown
  #lastItemId: unknown
  #row = 0

  /** The event of the frame at `start` when it repeats the template; undefined when it has to be parsed. */
  read(text: string, start: number): Record<string, unknown> | undefined {
    return this.#template === undefined ? undefined : fillTemplate(this.#template, text, start)
  }

  /** Looks at a frame that was parsed, as the template of those to come. `json` and `end` are places in `text`. */
  learn(
    text: string,
    start: number,
    json: number,
    end: number,
    event: Record<string, unknown>,
    name: string | undefined,
  ): void {
    if (this.#patience === 0 || typeof event.delta !== 'string' || end - start > MAX_FRAME_LENGTH) return
    if (event.item_id !== this.#lastItemId || event.type !== this.#lastType) {
      this.#lastType = event.type
      this.#lastItemId = event.item_id
      this.#row = 0
    }
    this.#row += 1
    if (this.#row < DELTAS_IN_A_ROW) return
    const worthwhile = this.#template !== undefined && this.#template.hits >= WORTHWHILE_HITS
    this.#patience = worthwhile ? PATIENCE : this.#patience - 1
    this.#template = learnTemplate(text.slice(start, end), json - start, event, name)
  }

  /** Place after the frame that was read last. */
  get end(): number {
    return this.#template?.end ?? 0
  }

  /** Event name of the frame that was read last. */
  get name(): string | undefined {
    return this.#template?.name
  }
}
