import type { OutputItem, Response, ResponseEvent, ResponseRequest, ResponseUsage } from '@antiphon/client'

/** One function call of a scripted answer. */
export interface ScriptCall {
  /** Name of the function. */
  name: string
  /** JSON text as it is (also broken JSON), or a value that becomes JSON text. @defaultValue `{}` */
  arguments?: unknown
  /** @defaultValue the next free `call_<n>` */
  callId?: string
}

/**
 * An answer by its parts. They come in this order: reasoning, text, refusal, calls, items.
 *
 * Without `incomplete`, `failed` or `error` the response is completed.
 */
export interface ScriptParts {
  /** Summary of a reasoning item that precedes the rest. */
  reasoning?: string
  /** Text of one assistant message. */
  text?: string
  /** Text of a refusal. */
  refusal?: string
  /** Function calls, all in this one response. */
  calls?: readonly ScriptCall[]
  /** Output items, passed on as they are. */
  items?: readonly OutputItem[]
  /**
   * Ends with `response.incomplete` and this reason. The last item has status `incomplete`; if it is a text or
   * a call made from `text` or `calls`, only its first half is there.
   */
  incomplete?: 'max_output_tokens' | 'content_filter' | (string & {})
  /** Ends with `response.failed` and this error, after all items. */
  failed?: { code: string; message: string }
  /** Thrown in place of the terminal event, after all items. Alone: thrown before any event. */
  error?: Error
  /** Overrides single counters; `null` for a response without usage. @defaultValue 100 in, 20 out */
  usage?: Partial<ResponseUsage> | null
  /** Fields that override those of the response, in every event that carries it. */
  response?: Partial<Response>
}

/** An answer by its very events, pushed verbatim; an async iterable decides when. */
export interface ScriptEvents {
  events: Iterable<ResponseEvent> | AsyncIterable<ResponseEvent>
  /** Thrown after the last event. */
  error?: Error
}

/** An answer that needs no request: text, parts, or events. */
export type ScriptAnswer = string | ScriptParts | ScriptEvents

/** Makes the answer from the request; `n` is the zero-based number of the call. */
export type ScriptFunction = (request: ResponseRequest, n: number) => ScriptAnswer | Promise<ScriptAnswer>

/** How one call of a scripted model is answered. */
export type ScriptStep = ScriptAnswer | ScriptFunction

/** A step that answers with text, and optionally more parts. */
export const text = (value: string, parts: Omit<ScriptParts, 'text'> = {}): ScriptParts => ({
  ...parts,
  text: value,
})

/** A step that answers with these function calls. */
export const calls = (...list: ScriptCall[]): ScriptParts => ({ calls: list })

/** One function call for {@link calls}. */
export const call = (name: string, args: unknown = {}, callId?: string): ScriptCall => ({
  name,
  arguments: args,
  ...(callId === undefined ? undefined : { callId }),
})
