import type {
  CustomToolDefinition,
  FunctionToolDefinition,
  ResponseRequest,
  ToolDefinition,
} from '@antiphon/client'
import type { AgentChanges } from 'antiphon'
import { ServeError } from '../request/serve-error.ts'
import type { AskedTools } from './built-in-tools.ts'
import type { Bounds } from './caller-bounds.ts'
import type { OwnTools } from './own-tools.ts'
import { toToolChoice } from './tool-choice.ts'

/** What a request asks of an agent, beside its input. */
export interface Asked {
  readonly changes: AgentChanges
  readonly bounds: Bounds
}

/** An agent, as far as a request is read against it. */
interface AskedAgent {
  readonly name: string
  readonly own: OwnTools
  /** It has an output schema of its own. */
  readonly hasOutput: boolean
  /** Built-in tools of this request, by who runs them. */
  readonly asked: AskedTools
  /** Declarations that nobody here runs go to the provider. */
  readonly passesHosted: boolean
}

type ClientTool = FunctionToolDefinition | CustomToolDefinition

/** What the server answers for, or the agent decides. All else goes with each model call. */
const NOT_FOR_THE_MODEL: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'max_tool_calls',
  'parallel_tool_calls',
  'text',
  'prompt',
  'stream',
  'stream_options',
  'background',
  'previous_response_id',
  'conversation',
  'metadata',
])

/**
 * Reads a request for an agent: what changes in the agent, and what bounds its calls.
 *
 * @throws ServeError 400 that names the parameter, for what this agent cannot do.
 */
export const readAsked = (request: ResponseRequest, agent: AskedAgent): Asked => {
  const { instructions, tool_choice: choice, max_tool_calls: max, parallel_tool_calls: parallel } = request
  if (request.prompt)
    throw refused('prompt', `Agent "${agent.name}" has instructions of its own; leave it out.`)
  const tools = clientTools(request.tools ?? [], agent)
  const clients = new Map(tools.map(({ name, type }) => [name, type] as const))
  const chosen = choice ? toToolChoice(choice, { label: agent.name, own: agent.own, clients }) : undefined
  const format = formatOf(request, agent)
  return {
    changes: {
      ...(instructions ? { instructions } : {}),
      ...(tools.length === 0 ? {} : { tools }),
      ...(chosen === undefined ? {} : { toolChoice: chosen.toolChoice }),
      ...(typeof parallel === 'boolean' ? { parallelToolCalls: parallel } : {}),
      ...(format === undefined ? {} : { format }),
      ...(agent.passesHosted && agent.asked.hosted.length > 0 ? { hosted: agent.asked.hosted } : {}),
      settings: settingsOf(request, agent.own),
    },
    bounds: {
      ...(typeof max === 'number' ? { maxToolCalls: max } : {}),
      oneAtATime: parallel === false,
      ...(chosen?.allowed === undefined ? {} : { allowed: chosen.allowed }),
    },
  }
}

const settingsOf = (request: ResponseRequest, { builtIns = [] }: OwnTools): Partial<ResponseRequest> => {
  const { format: _, ...text } = request.text ?? {}
  const given = Object.entries(request).filter(
    ([name, value]) => !NOT_FOR_THE_MODEL.has(name) && value !== undefined && value !== null,
  )
  // That the server keeps the response does not mean that its upstream should; that nobody should, does.
  const settings: Record<string, unknown> = Object.fromEntries(
    given.filter(([name, value]) => name !== 'store' || value === false),
  )
  const { include } = settings
  if (builtIns.length > 0 && Array.isArray(include)) {
    // What is run here honours it here.
    const left = include.filter((value) => !builtIns.some(({ tool }) => tool.includes?.includes(value)))
    if (left.length === 0) delete settings.include
    else settings.include = left
  }
  return { ...settings, ...(Object.keys(text).length === 0 ? {} : { text }) }
}

const clientTools = (tools: readonly ToolDefinition[], agent: AskedAgent): ClientTool[] => {
  const names = new Set<string>()
  const isElsewhere = (tool: ToolDefinition): boolean =>
    agent.asked.local.some(({ declaration }) => declaration === tool) ||
    (agent.passesHosted && agent.asked.hosted.includes(tool))
  return tools.flatMap((tool, n) => {
    const { type, name } = tool as { type: string; name?: string }
    if (isElsewhere(tool)) return []
    if (type !== 'function' && type !== 'custom')
      throw refused(
        `tools[${n}].type`,
        `Agent "${agent.name}" has tools of its own; a request adds tools of type \`function\` or \`custom\`, which its client runs, not \`${type}\`.`,
        'unsupported_value',
      )
    if (agent.own.byName.has(name ?? ''))
      throw refused(
        `tools[${n}].name`,
        `Agent "${agent.name}" has a tool named "${name}" already. Rename yours.`,
        'invalid_value',
      )
    if (names.has(name ?? ''))
      throw refused(`tools[${n}].name`, `Two tools are named "${name}". Names must differ.`, 'invalid_value')
    names.add(name ?? '')
    return tool as ClientTool
  })
}

const formatOf = (request: ResponseRequest, agent: AskedAgent): AgentChanges['format'] => {
  const format = request.text?.format
  if (!format || (format as { type: string }).type === 'text') return undefined
  if (agent.hasOutput)
    throw refused(
      'text.format',
      `Agent "${agent.name}" answers by an output schema of its own, so a request cannot ask for another format.`,
    )
  return format
}

const refused = (param: string, message: string, code = 'unsupported_parameter'): ServeError =>
  new ServeError(400, { message, type: 'invalid_request_error', param, code })
