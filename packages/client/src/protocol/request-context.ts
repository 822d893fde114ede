import type { InputContent } from './content.ts'
import type { InputItem } from './input-items.ts'
import type { OpenString } from './open.ts'

/** Compaction by the server once the context has grown to a threshold. */
export interface ContextManagement {
  type: OpenString<'compaction'>
  /** In tokens, at least 1000. */
  compact_threshold?: number | null
}

/** A prompt kept at the provider, and what to fill into it. */
export interface PromptTemplate {
  id: string
  /** @defaultValue the prompt's current version */
  version?: string | null
  variables?: Record<string, string | InputContent> | null
}

/** What the model is given: parameters of `ResponseRequest` about its context. */
export interface ContextParameters {
  /**
   * Which model answers; any name the endpoint knows.
   *
   * Needed unless a prompt template sets it. The response may name another one.
   * Source: Responses API; CometAPI; Open Responses.
   */
  model?: string
  /**
   * What the model answers: text (one user message, at most 10,485,760 characters) or items.
   *
   * Source: Responses API; CometAPI; Open Responses.
   */
  input?: string | readonly InputItem[]
  /**
   * System message put before everything else.
   *
   * Not carried over by `previous_response_id`: send it with every request.
   * @defaultValue `null`
   * Source: Responses API; CometAPI; Open Responses.
   */
  instructions?: string | null
  /**
   * The response to go on from: the server loads its input and output, not its instructions or tools.
   *
   * Not together with `conversation`; the response must have been stored.
   * @defaultValue `null`
   * Source: Responses API; CometAPI; Open Responses.
   */
  previous_response_id?: string | null
  /**
   * The conversation to go on with: its items come before `input`, and input and output are added to it.
   *
   * Not together with `previous_response_id`.
   * @defaultValue `null`
   * Source: Responses API; CometAPI.
   */
  conversation?: string | { id: string } | null
  /**
   * A prompt kept at the provider, with its variables.
   *
   * @defaultValue `null`
   * Source: Responses API; CometAPI.
   */
  prompt?: PromptTemplate | null
  /**
   * How the server shortens the context by itself; at least one entry.
   *
   * A `compaction` item then comes in the output. @defaultValue `null`
   * Source: Responses API; CometAPI.
   */
  context_management?: ContextManagement[] | null
  /**
   * What happens when the input is too long: `auto` drops items from the beginning, `disabled` fails with
   * 400.
   *
   * @defaultValue `'disabled'`
   * Source: Responses API; CometAPI; Open Responses.
   */
  truncation?: OpenString<'auto' | 'disabled'> | null
}
