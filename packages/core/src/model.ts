import type { ResponseEvent, ResponseRequest, ResponseUsage } from '@antiphon/client'

/** Receives the wire events of one answer, in order. Must not throw; what it throws fails the model call. */
export type EventSink = (event: ResponseEvent) => void

/** The history of a run as the wire needs it: the items, and the same items as JSON text that only grows. */
export interface EncodedInput {
  /** The very array that the request carries as `input` when nothing has edited it. */
  readonly items: readonly unknown[]
  /**
   * The whole request body: `{"input":[…items…],` + `rest` without its opening brace.
   * `rest` is a JSON object (at least one property) as text. The bytes are valid until items are appended.
   */
  body(rest: string): Uint8Array
}

/** What a model gets beside the request. */
export interface ModelContext {
  /**
   * Takes the function that stops the call; cheap, unlike a signal. Optional to use. A later function takes the place of an earlier one (a wrapper waits, then
   * the next model is called), and is called at once when the call was stopped before.
   */
  onAbort(cancel: (reason: Error) => void): void
  /** Aborted when the run is. Made on first read: read it only when you need a signal. */
  readonly signal: AbortSignal
  /** Present when the caller keeps the history as bytes; use it when `input.items === request.input`. */
  readonly input?: EncodedInput
  /** Identifier of the run this call belongs to, when there is one. */
  readonly runId?: string
  /** Zero-based number of this model call within its run. */
  readonly turn?: number
  /** The bytes of a list that is sent in the place of the history: give the same list again, longer, and only what is new is encoded. */
  encode?(items: readonly unknown[]): EncodedInput
  /** Tells of something that was tolerated, such as a call that is made again; a run shows it as `warning`. */
  warn?(code: 'middleware', message: string): void
  /** Counts a call that was made beside the answer (a summary, a compaction) in usage, cost and limits. */
  bookUsage?(usage: ResponseUsage | null | undefined, modelName: string | undefined): void
  /** Says which of several models is asked now: prices go by it. */
  answeredBy?(modelName: string | undefined): void
}

/**
 * Everything that answers: an endpoint, a script, the embedded model, a wrapped model, an agent.
 *
 * Pushes wire events into `sink` and resolves after the terminal event (`response.completed`, `.incomplete` or
 * `.failed`); rejects with a typed error when there was none. Must stop soon after its cancel function is called.
 */
export interface Model {
  (request: ResponseRequest, sink: EventSink, context: ModelContext): Promise<void>
  /** Name for people and for the price table, such as `gpt-5.4` or `offline`. */
  readonly modelName?: string
  /** What the endpoint behind it can do; absent means "unknown, try". */
  readonly capabilities?: ModelCapabilities
  /** Compacts a history by the endpoint's own `/responses/compact`, where there is one. */
  readonly compact?: (request: ResponseRequest, context: ModelContext) => Promise<readonly unknown[]>
}

/** Differences between endpoints that the loop acts on. */
export interface ModelCapabilities {
  /** `previous_response_id` is understood. Unset: tried, and remembered when refused. */
  readonly serverState?: boolean
  /** Types of built-in tools that the endpoint executes itself, such as `web_search`. Unset: none that a tool of ours could execute. */
  readonly hostedTools?: readonly string[]
  /** `POST /responses/compact` exists. */
  readonly compact?: boolean
}
