import type { Metadata } from './metadata.ts'
import type { OpenString } from './open.ts'

/** How a prompt cache is kept and marked. */
export interface PromptCacheOptions {
  /** @defaultValue `'30m'` */
  ttl?: OpenString<'30m'>
  /** `explicit`: only what `prompt_cache_breakpoint` marks. @defaultValue `'implicit'` */
  mode?: OpenString<'implicit' | 'explicit'>
}

/** What is done with content that moderation finds. */
export interface ModerationPolicy {
  input?: { mode: OpenString<'score' | 'block'> } | null
  output?: { mode: OpenString<'score' | 'block'> } | null
}

/**
 * Tier of processing; a response shows the one that was used. CometAPI knows auto, default, flex, priority.
 */
export type ServiceTier = OpenString<
  'auto' | 'default' | 'flex' | 'scale' | 'priority' | 'fast' | 'ultrafast'
>

/** How long a prompt stays cached. OpenAI spells it `in_memory`, CometAPI `in-memory`. */
export type PromptCacheRetention = OpenString<'in_memory' | 'in-memory' | '24h'>

/** How the answer is made, sent and kept: parameters of `ResponseRequest` about delivery. */
export interface DeliveryParameters {
  /**
   * Whether the answer comes as server-sent events while it is made.
   *
   * @defaultValue `false`
   * Source: Responses API; CometAPI; Open Responses.
   */
  stream?: boolean | null
  /**
   * Options of the stream; only with `stream: true`.
   *
   * `include_obfuscation` pads deltas so that their length tells nothing; OpenAI does so unless told not to.
   * @defaultValue `null`
   * Source: Responses API; CometAPI; Open Responses.
   */
  stream_options?: { include_obfuscation?: boolean } | null
  /**
   * Whether the response is kept to be retrieved or continued.
   *
   * Without it, items have no ids that a server could look up. @defaultValue `true`
   * Source: Responses API; CometAPI; Open Responses.
   */
  store?: boolean | null
  /**
   * Whether the response is made without anyone waiting; it begins as `queued` and is retrieved by its id.
   *
   * @defaultValue `false`
   * Source: Responses API; CometAPI; Open Responses.
   */
  background?: boolean | null
  /**
   * Facts of yours to keep with the response: at most 16 pairs, keys to 64 characters, values to 512.
   *
   * @defaultValue `{}`
   * Source: Responses API; CometAPI; Open Responses.
   */
  metadata?: Metadata | null
  /**
   * Tier of processing.
   *
   * @defaultValue `'auto'`, as the project is set up
   * Source: Responses API; CometAPI; Open Responses.
   */
  service_tier?: ServiceTier | null
  /**
   * Sends requests with the same prefix to the same cache; at most 64 characters in Open Responses.
   *
   * @defaultValue `null`
   * Source: Responses API; CometAPI; Open Responses.
   */
  prompt_cache_key?: string | null
  /**
   * How long a prompt stays cached; superseded at OpenAI by `prompt_cache_options.ttl`.
   *
   * @defaultValue depends on the model
   * Source: Responses API; CometAPI, which spells the memory value `in-memory`.
   */
  prompt_cache_retention?: PromptCacheRetention | null
  /**
   * How the prompt cache is kept and marked; gpt-5.6 and later.
   *
   * @defaultValue `{ ttl: '30m', mode: 'implicit' }`
   * Source: Responses API.
   */
  prompt_cache_options?: PromptCacheOptions
  /**
   * Stable name of your end user, hashed; at most 64 characters.
   *
   * @defaultValue `null`
   * Source: Responses API; CometAPI; Open Responses.
   */
  safety_identifier?: string | null
  /**
   * The older name of `safety_identifier` and `prompt_cache_key` in one.
   *
   * @deprecated
   * Source: Responses API; CometAPI.
   */
  user?: string
  /**
   * Moderation of input and output; its result is `response.moderation`.
   *
   * @defaultValue `null`, none
   * Source: Responses API.
   */
  moderation?: { model: string; policy?: ModerationPolicy | null } | null
}
