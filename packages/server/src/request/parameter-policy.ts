/** What becomes of a parameter. */
export type ParameterPolicy =
  /** The server does what it asks for, whatever the upstream is. */
  | { readonly by: 'server'; readonly defaults?: readonly unknown[]; readonly fields?: readonly string[] }
  /** It goes to the upstream, which may refuse it; `defaults` ask for nothing. */
  | { readonly by: 'upstream'; readonly defaults?: readonly unknown[]; readonly fields?: readonly string[] }
  /** Known, and not offered for now. */
  | { readonly by: 'nobody'; readonly why: string }

const server: ParameterPolicy = { by: 'server' }

const upstream = (...defaults: readonly unknown[]): ParameterPolicy => ({ by: 'upstream', defaults })

const object = (fields: readonly string[], ...defaults: readonly unknown[]): ParameterPolicy => ({
  by: 'upstream',
  fields,
  defaults,
})

/**
 * Every parameter of `POST /responses`. `null` asks for nothing, whatever it is; so does a value among `defaults`, and an object all of whose fields do.
 * `fields` are those that an object may have.
 */
export const PARAMETERS: ReadonlyMap<string, ParameterPolicy> = new Map<string, ParameterPolicy>([
  ['model', server],
  ['input', server],
  ['previous_response_id', server],
  ['conversation', { by: 'server', fields: ['id'] }],
  ['store', { by: 'server', defaults: [true] }],
  ['background', { by: 'server', defaults: [false] }],
  ['stream', { by: 'server', defaults: [false] }],
  ['stream_options', { by: 'server', fields: ['include_obfuscation'] }],
  ['metadata', server],
  ['instructions', upstream()],
  ['include', upstream()],
  ['tools', upstream()],
  ['tool_choice', upstream('auto')],
  ['parallel_tool_calls', upstream(true)],
  ['max_tool_calls', upstream()],
  ['max_output_tokens', upstream()],
  ['temperature', upstream(1)],
  ['top_p', upstream(1)],
  ['top_logprobs', upstream(0)],
  ['presence_penalty', upstream(0)],
  ['frequency_penalty', upstream(0)],
  ['truncation', upstream('disabled')],
  ['text', object(['format', 'verbosity'])],
  ['text.format', object(['type', 'name', 'schema', 'description', 'strict'])],
  ['text.format.type', upstream('text')],
  ['text.verbosity', upstream('medium')],
  ['reasoning', object(['effort', 'summary', 'generate_summary', 'mode', 'context'])],
  ['reasoning.mode', upstream('standard')],
  ['reasoning.context', upstream('auto')],
  ['prompt_cache_key', upstream()],
  ['prompt_cache_retention', upstream()],
  ['prompt_cache_options', object(['ttl', 'mode'])],
  ['prompt_cache_options.ttl', upstream('30m')],
  ['prompt_cache_options.mode', upstream('implicit')],
  ['safety_identifier', upstream()],
  ['user', upstream()],
  ['service_tier', upstream('auto', 'default')],
  ['context_management', upstream()],
  ['prompt', { by: 'nobody', why: 'No prompt templates are kept here. Send instructions and input.' }],
  ['moderation', { by: 'nobody', why: 'Nothing is moderated here. Leave it out.' }],
  ['multi_agent.enabled', upstream(false)],
  ['multi_agent', { by: 'nobody', why: 'Agents are served as models here. Ask one by its name in model.' }],
])
