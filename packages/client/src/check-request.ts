import { checkToolChoice, checkTools } from './check-tools.ts'
import { ParameterError, unexpected } from './parameter-error.ts'
import type { CompactRequest } from './protocol/compaction.ts'
import type { ResponseRequest } from './protocol/request.ts'

/** How the request will be sent, as far as the checks depend on it. */
export interface CheckOptions {
  /** The answer is streamed, whatever `params.stream` says. @defaultValue `params.stream === true` */
  streaming?: boolean
}

type Params = Readonly<Record<string, unknown>>

/** Name of a function, a schema: what the wire accepts. */
const nameLimit = 64
const namePattern = /^[a-zA-Z0-9_-]{1,64}$/

/**
 * Checks a request against the limits that the contract states, before it costs a round trip.
 *
 * Costs O(parameters), never O(input items). `undefined` is never sent and `null` is sent as given; both pass. Parameters
 * and values that no contract limits pass untouched.
 *
 * - `metadata`: at most 16 pairs, keys ≤ 64 characters, values strings ≤ 512 characters
 * - `top_logprobs`: integer 0–20, above 0 with `message.output_text.logprobs` in `include`
 * - `temperature` 0–2, `top_p` 0–1, `max_output_tokens` integer ≥ 16, `max_tool_calls` integer ≥ 1
 * - `safety_identifier` ≤ 64 characters
 * - `previous_response_id` or `conversation`, not both; `stream_options` only when streaming
 * - `include`: array of strings
 * - `text.format` of type `json_schema`: `name` of 1–64 characters `[a-zA-Z0-9_-]`
 * - `context_management`: at least one entry, `compact_threshold` integer ≥ 1000
 * - function tools: `name` of 1–128 characters `[a-zA-Z0-9_-]`, no name twice; `tool_choice` names a tool that is there
 *
 * Sources: Responses API, `CreateResponse`; Open Responses (`max_tool_calls`); CometAPI reference (`include` for `top_logprobs`).
 *
 * @throws ParameterError `invalid_parameter`, with the parameter in `param`.
 */
export function checkRequest(request: ResponseRequest, options: CheckOptions = {}): void {
  const params = request as ResponseRequest & Params
  range(params, 'temperature', 0, 2)
  range(params, 'top_p', 0, 1)
  atLeast(params, 'max_output_tokens', 16)
  atLeast(params, 'max_tool_calls', 1)
  maxLength(params, 'safety_identifier', 64)
  if (params.metadata != null) checkMetadata(params.metadata)
  if (params.include != null) checkInclude(params.include)
  if (params.top_logprobs != null) checkTopLogprobs(params)
  if (params.text != null) checkTextFormat(params.text)
  if (params.context_management != null) checkContextManagement(params.context_management)
  if (params.previous_response_id != null && params.conversation != null) {
    throw new ParameterError(
      'previous_response_id',
      'Expected either `previous_response_id` or `conversation`, got both. A conversation already holds its previous responses: remove one of the two.',
    )
  }
  if (params.stream_options != null && !(options.streaming ?? params.stream === true)) {
    throw new ParameterError(
      'stream_options',
      'Expected `stream_options` only when streaming, got it without `stream: true`. Remove it, or use responses.stream().',
    )
  }
  if (params.tools != null) checkTools(params.tools)
  if (typeof params.tool_choice === 'object' && params.tool_choice !== null) checkToolChoice(params)
}

/**
 * Checks a compaction request: `prompt_cache_key` ≤ 64 characters.
 *
 * Source: Responses API, `POST /responses/compact`.
 */
export const checkCompact = (params: CompactRequest): void => maxLength(params, 'prompt_cache_key', 64)

/** Checks `metadata`: at most 16 pairs, keys ≤ 64 characters, values strings ≤ 512 characters. */
export function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw unexpected('metadata', 'an object of at most 16 strings', metadata)
  }
  const pairs = Object.entries(metadata).filter(([, value]) => value !== undefined)
  if (pairs.length > 16) {
    throw new ParameterError(
      'metadata',
      `Expected \`metadata\` to have at most 16 pairs, got \`${pairs.length}\`.`,
    )
  }
  for (const [key, value] of pairs) {
    if (isLonger(key, 64)) {
      throw new ParameterError(
        'metadata',
        `Expected each key of \`metadata\` to have at most 64 characters, got \`${key.length}\` in \`${key.slice(0, 64)}…\`.`,
      )
    }
    if (typeof value !== 'string') throw unexpected(`metadata.${key}`, 'a string', value)
    if (isLonger(value, 512)) throw tooLong(`metadata.${key}`, 512, value.length)
  }
}

/** Checks that a text parameter, when given, has at most `limit` characters. */
function maxLength(request: object, name: string, limit: number): void {
  const value = (request as Params)[name]
  if (value == null) return
  if (typeof value !== 'string') throw unexpected(name, `a string of at most ${limit} characters`, value)
  if (isLonger(value, limit)) throw tooLong(name, limit, value.length)
}

/** Limits count characters, not UTF-16 units: an emoji is one. */
const isLonger = (text: string, limit: number): boolean =>
  text.length > limit && (text.length > 2 * limit || [...text].length > limit)

const tooLong = (param: string, limit: number, length: number): ParameterError =>
  new ParameterError(param, `Expected \`${param}\` to have at most ${limit} characters, got \`${length}\`.`)

function range(params: Params, name: string, low: number, high: number): void {
  const value = params[name]
  if (value == null) return
  // Written so that NaN fails as well.
  if (!(typeof value === 'number' && value >= low && value <= high)) {
    throw unexpected(name, `a number from ${low} to ${high}`, value)
  }
}

function atLeast(params: Params, name: string, low: number): void {
  const value = params[name]
  if (value == null) return
  if (!Number.isInteger(value) || (value as number) < low)
    throw unexpected(name, `an integer of at least ${low}`, value)
}

function checkInclude(include: unknown): void {
  if (!Array.isArray(include)) throw unexpected('include', 'an array of strings', include)
  const wrong = include.findIndex((value) => typeof value !== 'string')
  if (wrong !== -1) throw unexpected(`include[${wrong}]`, 'a string', include[wrong])
}

function checkTopLogprobs(params: Params): void {
  const value = params.top_logprobs
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 20) {
    throw unexpected('top_logprobs', 'an integer from 0 to 20', value)
  }
  const included = Array.isArray(params.include) && params.include.includes('message.output_text.logprobs')
  if ((value as number) > 0 && !included) {
    throw new ParameterError(
      'top_logprobs',
      'Expected `include` to have `message.output_text.logprobs` when `top_logprobs` is set: without it no log probabilities are returned.',
    )
  }
}

function checkTextFormat(text: unknown): void {
  const format = (text as { format?: { type?: unknown; name?: unknown } | null }).format
  if (format?.type !== 'json_schema') return
  if (typeof format.name !== 'string' || !namePattern.test(format.name)) {
    throw unexpected(
      'text.format.name',
      `1 to ${nameLimit} characters of a-z, A-Z, 0-9, _ and -`,
      format.name,
    )
  }
}

function checkContextManagement(entries: unknown): void {
  if (!Array.isArray(entries) || entries.length === 0) {
    throw unexpected('context_management', 'an array of at least one entry', entries)
  }
  for (const [index, entry] of entries.entries()) {
    const threshold = (entry as { compact_threshold?: unknown } | null)?.compact_threshold
    if (threshold == null) continue
    if (!Number.isInteger(threshold) || (threshold as number) < 1000) {
      throw unexpected(
        `context_management[${index}].compact_threshold`,
        'an integer of at least 1000',
        threshold,
      )
    }
  }
}
