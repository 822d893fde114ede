import type { OpenString } from './open.ts'
import type { ReasoningOptions } from './reasoning-options.ts'
import type { TextOptions } from './text-options.ts'

/**
 * Data that a response holds only when asked for. Open Responses knows the last two only, CometAPI all but
 * `web_search_call.results`.
 */
export type Includable = OpenString<
  | 'file_search_call.results'
  | 'web_search_call.results'
  | 'web_search_call.action.sources'
  | 'message.input_image.image_url'
  | 'computer_call_output.output.image_url'
  | 'code_interpreter_call.outputs'
  | 'reasoning.encrypted_content'
  | 'message.output_text.logprobs'
>

/** What the model says: parameters of `ResponseRequest` about the answer. */
export interface OutputParameters {
  /**
   * Further data to put into the response.
   *
   * `reasoning.encrypted_content` is refused by models that do not reason.
   * @defaultValue `null`
   * Source: Responses API; CometAPI; Open Responses.
   */
  include?: readonly Includable[] | null
  /**
   * Bound of the tokens generated, reasoning included; at least 16.
   *
   * When reached, the response is `incomplete` with reason `max_output_tokens`.
   * @defaultValue `null`, the model's own bound
   * Source: Responses API; CometAPI; Open Responses.
   */
  max_output_tokens?: number | null
  /**
   * How freely the next token is drawn, 0–2; change it or `top_p`, not both.
   *
   * Refused by many reasoning models. @defaultValue `1`
   * Source: Responses API; CometAPI; Open Responses.
   */
  temperature?: number | null
  /**
   * Share of the probability mass that tokens are drawn from, 0–1; change it or `temperature`, not both.
   *
   * Refused by many reasoning models. @defaultValue `1`
   * Source: Responses API; CometAPI; Open Responses.
   */
  top_p?: number | null
  /**
   * How many alternatives of each token to give, 0–20.
   *
   * Needs `message.output_text.logprobs` in `include`. @defaultValue `0`
   * Source: Responses API; CometAPI; Open Responses.
   */
  top_logprobs?: number | null
  /**
   * Counts against tokens that occurred already.
   *
   * @defaultValue `0`
   * Source: Open Responses; OpenAI's requests do not know it.
   */
  presence_penalty?: number | null
  /**
   * Counts against tokens by how often they occurred.
   *
   * @defaultValue `0`
   * Source: Open Responses; OpenAI's requests do not know it.
   */
  frequency_penalty?: number | null
  /**
   * Form of the text: plain, JSON, JSON by a schema; and how much of it.
   *
   * @defaultValue `{ format: { type: 'text' }, verbosity: 'medium' }`
   * Source: Responses API; CometAPI; Open Responses.
   */
  text?: TextOptions
  /**
   * How the model thinks; reasoning models only.
   *
   * @defaultValue depends on the model
   * Source: Responses API; CometAPI; Open Responses.
   */
  reasoning?: ReasoningOptions | null
}
