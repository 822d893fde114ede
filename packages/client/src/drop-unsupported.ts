import { ApiError } from './errors/api-error.ts'
import type { ResponseRequest } from './protocol/request.ts'

/**
 * Parameters that only tune the answer, so that leaving one out changes nothing of what was asked.
 * `max_output_tokens`, `tools`, `text.format`, `service_tier` and their like are promises or money, and stay.
 */
const droppable = new Set([
  'frequency_penalty',
  'include',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning.generate_summary',
  'reasoning.summary',
  'temperature',
  'text.verbosity',
  'top_logprobs',
  'top_p',
  'verbosity',
])

/**
 * Sends a request, and once more without the parameter that a 400 `unsupported_parameter` or `unsupported_value` names.
 *
 * A refused `include` is dropped whole, and `top_logprobs` with it. Any other error, or a second refusal, is thrown.
 */
export async function sendDroppingUnsupported<T>(
  params: ResponseRequest,
  send: (params: ResponseRequest) => Promise<T>,
): Promise<T> {
  try {
    return await send(params)
  } catch (error) {
    const reduced = withoutRefused(params, error)
    if (!reduced) throw error
    return send(reduced)
  }
}

/** The request without the parameter the error names; undefined when the error is another one or the parameter has to stay. */
function withoutRefused(params: ResponseRequest, error: unknown): ResponseRequest | undefined {
  if (!(error instanceof ApiError) || error.status !== 400 || error.param === undefined) return undefined
  if (error.apiCode !== 'unsupported_parameter' && error.apiCode !== 'unsupported_value') return undefined
  // Entries of a list are named by index: include[0] or include.0
  const path = error.param.replace(/^include\b.*/, 'include')
  if (!droppable.has(path)) return undefined
  const reduced: Record<string, unknown> = { ...params }
  const [name, child] = path.split('.') as [string, string?]
  if (reduced[name] === undefined) return undefined
  if (child === undefined) delete reduced[name]
  else reduced[name] = { ...(reduced[name] as object), [child]: undefined }
  if (name === 'include') delete reduced.top_logprobs
  return reduced
}
