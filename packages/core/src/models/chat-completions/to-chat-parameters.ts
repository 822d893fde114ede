import { ParameterError, type ResponseRequest, type ToolChoice } from '@antiphon/client'
import type { ChatDialect } from './chat-dialect.ts'
import { type ChatTools, hostedTool, toChatName } from './chat-tools.ts'
import type { ChatParameters, ChatTool } from './chat-types.ts'

/** Parameters that ask for state at the server, which the dialect does not have, and the value that asks for nothing. */
const STATE: readonly (readonly [name: keyof ResponseRequest, harmless: unknown, advice: string])[] = [
  ['previous_response_id', null, "Send the whole history (`state: 'local'`)."],
  ['conversation', null, "Send the whole history (`state: 'local'`)."],
  ['background', false, 'Wait for the answer instead.'],
  ['store', false, 'Nothing is kept to be retrieved; leave it out.'],
  ['prompt', null, 'Send its text as `instructions`.'],
  ['context_management', null, 'Use the middleware compact() or trimHistory().'],
  ['truncation', 'disabled', 'Use the middleware trimHistory().'],
]

/** Translated below, checked above, or without a counterpart. `metadata` is refused by OpenAI unless the answer is stored. */
const HANDLED = new Set<string>([
  ...STATE.map(([name]) => name),
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'max_tool_calls',
  'text',
  'reasoning',
  'include',
  'top_logprobs',
  'stream',
  'stream_options',
  'metadata',
])

/** Known to both, by the same name; null says nothing there. */
const SAME = new Set<string>([
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'service_tier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'safety_identifier',
  'user',
])

const refuseState = (request: ResponseRequest): void => {
  for (const [name, harmless, advice] of STATE) {
    const value = request[name]
    if (value === undefined || value === null || value === harmless) continue
    throw new ParameterError(
      name,
      `Expected \`${name}\` not to be set: a Chat Completions endpoint is stateless and cannot do it. ${advice}`,
    )
  }
}

const responseFormat = (format: NonNullable<ResponseRequest['text']>['format']): object | undefined => {
  if (format?.type === 'json_object') return { type: 'json_object' }
  if (format?.type !== 'json_schema') return undefined
  const { name, schema, description, strict } = format
  return {
    type: 'json_schema',
    json_schema: {
      name,
      schema,
      ...(description === undefined ? {} : { description }),
      ...(strict === undefined || strict === null ? {} : { strict }),
    },
  }
}

/** What `tool_choice` becomes: the tools that stay, and the choice among them. */
const chooseTools = (
  choice: ToolChoice | null | undefined,
  tools: ChatTools,
  dialect: ChatDialect,
): { tools: readonly ChatTools['declared'][number][]; choice: unknown } => {
  const { declared } = tools
  if (choice === undefined || choice === null || typeof choice === 'string')
    return { tools: declared, choice: choice ?? undefined }
  if (choice.type === 'allowed_tools') {
    const { tools: allowed = [], mode } = choice as { tools?: readonly object[]; mode?: string }
    const names = new Set(allowed.map((tool) => (tool as { name?: unknown }).name))
    return { tools: declared.filter(({ of }) => names.has(of.name)), choice: mode }
  }
  if (choice.type === 'function' || choice.type === 'custom') {
    const { name } = choice as { name: string }
    return { tools: declared, choice: { type: 'function', function: { name: toChatName(name) } } }
  }
  if (dialect.hostedTools === 'drop') return { tools: declared, choice: undefined }
  throw hostedTool('tool_choice', choice.type)
}

const addTools = (
  body: ChatParameters,
  request: ResponseRequest,
  tools: ChatTools,
  dialect: ChatDialect,
): void => {
  const chosen = chooseTools(request.tool_choice, tools, dialect)
  if (chosen.tools.length === 0) {
    // Without tools the parameter is an error to servers, and these two say what is so anyway.
    if (chosen.choice !== undefined && chosen.choice !== 'auto' && chosen.choice !== 'none')
      body.tool_choice = chosen.choice
    return
  }
  body.tools = chosen.tools.map(({ type, function: fn }): ChatTool => ({ type, function: fn }))
  if (chosen.choice !== undefined) body.tool_choice = chosen.choice
  const { parallel_tool_calls: parallel } = request
  if (parallel !== undefined && parallel !== null) body.parallel_tool_calls = parallel
}

/**
 * The body of `POST /chat/completions` for a request, without its messages and `stream`. Nothing is in it that the request does not say; parameters of no contract
 * pass untouched.
 *
 * @throws ParameterError `invalid_parameter`, naming the parameter, for what the dialect cannot do.
 */
export const toChatParameters = (
  request: ResponseRequest,
  tools: ChatTools,
  dialect: ChatDialect,
): ChatParameters => {
  refuseState(request)
  const body: ChatParameters = {}
  for (const [name, value] of Object.entries(request)) {
    if (HANDLED.has(name) || value === undefined || (value === null && SAME.has(name))) continue
    body[name] = value
  }
  addTools(body, request, tools, dialect)
  const { max_output_tokens: limit, text, reasoning, include, top_logprobs: top } = request
  if (limit !== undefined && limit !== null) body[dialect.maxTokensParameter] = limit
  const format = responseFormat(text?.format)
  if (format !== undefined) body.response_format = format
  if (text?.verbosity) body.verbosity = text.verbosity
  if (reasoning?.effort) body.reasoning_effort = reasoning.effort
  if (top || include?.includes('message.output_text.logprobs')) body.logprobs = true
  if (top) body.top_logprobs = top
  return body
}
