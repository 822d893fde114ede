import type { EasyInputMessage, InputItem, Response, ResponseRequest } from '@antiphon/client'
import type { AgentSpec } from '../context/agent-spec.ts'
import type { RunOptions } from '../context/run-options.ts'
import { forgottenResponse } from '../errors/forgotten-response.ts'
import { ConfigError } from '../errors.ts'
import { withoutReasoning } from '../models/without-reasoning.ts'

/** A request as an agent runs it. */
export interface AgentRequest {
  /** The agent, with what the request asks for itself. */
  readonly spec: AgentSpec
  readonly input: readonly InputItem[]
  readonly options: RunOptions
}

/**
 * What a request to a model means to an agent. Parameters of the answer (`temperature`, `reasoning`, `text`, …) hold for each of its model calls,
 * `max_tool_calls` for the whole run, `instructions` come before the input; what an agent cannot do is refused.
 */
export const toAgentRequest = (spec: AgentSpec, request: ResponseRequest): AgentRequest => {
  refuse(spec, request)
  const { input, instructions, tool_choice, max_tool_calls, parallel_tool_calls, text, ...rest } = request
  for (const name of OWN) delete rest[name]
  const hasTools = spec.wireTools.length > 0
  const settings = Object.entries({
    ...rest,
    ...(hasTools ? { parallel_tool_calls } : {}),
    ...(text ? { text: { ...spec.settings.text, ...text, ...formatOf(spec) } } : {}),
  }).filter(([, value]) => value !== undefined && value !== null)
  return {
    spec: {
      ...spec,
      settings: { ...spec.settings, ...Object.fromEntries(settings) },
      ...(tool_choice === undefined || !hasTools ? {} : { toolChoice: tool_choice }),
      ...(typeof parallel_tool_calls === 'boolean' ? { parallelToolCalls: parallel_tool_calls } : {}),
    },
    input: toInput(input, instructions),
    options:
      typeof max_tool_calls === 'number' ? { limits: { toolCalls: fewest(spec, max_tool_calls) } } : {},
  }
}

/** What the agent decides itself, or the transport. */
const OWN = [
  'model',
  'stream',
  'stream_options',
  'tools',
  'previous_response_id',
  'conversation',
  'background',
] as const

const refuse = (spec: AgentSpec, request: ResponseRequest): void => {
  const cannot = (parameter: string, why: string): never => {
    throw new ConfigError(
      'invalid_config',
      `Agent "${spec.name}" as a model: \`${parameter}\` is refused. ${why}`,
    )
  }
  if (request.tools && request.tools.length > 0)
    cannot(
      'tools',
      'An agent brings its own tools and calls no others: give them to the agent, or use agent.asTool().',
    )
  if (request.conversation) cannot('conversation', 'It keeps no conversations: send the whole history.')
  if (request.background) cannot('background', 'It answers while it is asked.')
  if (request.prompt) cannot('prompt', 'It has instructions of its own.')
  const format = request.text?.format
  if (spec.output !== undefined && format && format.type !== 'text')
    cannot('text.format', 'The agent has an `output` schema of its own.')
  if (request.previous_response_id)
    throw forgottenResponse(
      request.previous_response_id,
      `Agent "${spec.name}" as a model keeps no responses.`,
    )
}

const formatOf = (spec: AgentSpec): object =>
  spec.output === undefined ? {} : { format: spec.settings.text?.format }

const fewest = (spec: AgentSpec, max: number): number => Math.min(max, spec.limits.toolCalls ?? max)

/** Reasoning of earlier answers stands without the calls that followed it, which are the agent's own; so servers would refuse it. */
const toInput = (input: ResponseRequest['input'], instructions: string | null | undefined): InputItem[] => {
  const items: readonly InputItem[] =
    typeof input === 'string'
      ? [{ type: 'message', role: 'user', content: input } satisfies EasyInputMessage]
      : ((withoutReasoning({ input: input ?? [] }).input ?? []) as readonly InputItem[])
  if (!instructions) return [...items]
  return [{ type: 'message', role: 'developer', content: instructions } satisfies EasyInputMessage, ...items]
}

/** The response as it begins: what was asked for, with defaults filled in. */
export const responseOf = (spec: AgentSpec, request: ResponseRequest): Response =>
  ({
    id: `resp_${crypto.randomUUID().replaceAll('-', '')}`,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    completed_at: null,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    // Prices go by it.
    model: spec.modelName ?? spec.name,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: request.reasoning ?? { effort: null, summary: null },
    background: false,
    service_tier: request.service_tier ?? 'default',
    store: request.store ?? false,
    temperature: request.temperature ?? 1,
    text: request.text ?? { format: { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? 'disabled',
    usage: null,
    metadata: request.metadata ?? {},
  }) as Response
