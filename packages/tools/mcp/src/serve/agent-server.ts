import type { FunctionToolDefinition } from '@antiphon/client'
import {
  fromJsonSchema,
  McpServer,
  type McpServerFactory,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { type Agent, ConfigError, type PendingCall, type RunOptions, type Tool } from 'antiphon'
import { z } from 'zod'
import { answerOfCall, oneCallAgent } from './one-call.ts'
import { type AgentCall, failedAnswer, runAgent, type ToolAnswer } from './run-agent.ts'

/** How an agent appears to MCP clients. */
export interface AgentServerOptions {
  /** Of the tool that asks the agent: at most 64 letters, digits, _ and -. @defaultValue the agent's name */
  readonly toolName?: string
  /** When to ask it. @defaultValue the agent's description */
  readonly description?: string
  /** What holds for each run: `limits`, `queue`, `context`, … */
  readonly run?: Omit<RunOptions, 'signal' | 'runId'>
  /** Whether a call of the agent that waits for a person may run. @defaultValue none may: the model is told so, and goes on without */
  readonly approve?: (call: PendingCall) => boolean | Promise<boolean>
  /** Also offers the agent's own functions, each as a tool: without the model. @defaultValue false */
  readonly tools?: boolean
  /** Runs at once; one more is refused. @defaultValue 16 */
  readonly maxRuns?: number
}

/** Version that this program tells clients. */
const VERSION = '0.1.0'
/** Of a prompt. */
const MAX_PROMPT_CHARS = 1_000_000

/** Makes servers, one for each connection or request, that offer one tool: to ask the agent. */
export const agentServer = (agent: Agent<unknown>, options: AgentServerOptions = {}): McpServerFactory => {
  const { approve = () => false, run = {}, maxRuns = 16 } = options
  const name = options.toolName ?? agent.name
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name))
    throw new ConfigError(
      'invalid_config',
      `serveMcp: expected \`toolName\` to have 1–64 letters, digits, _ or -, got \`${name}\`.`,
    )
  const description = options.description || agent.description || `Asks the agent "${agent.name}".`
  const { effect } = agent.asTool({ name })
  const owned = options.tools === true ? ownTools(agent, name) : []
  let running = 0

  const ask = async (
    what: Pick<AgentCall, 'agent' | 'prompt' | 'answerOf'>,
    context: ServerContext,
    left: AbortSignal | undefined,
  ): Promise<ToolAnswer> => {
    if (running >= maxRuns) return failedAnswer('The agent is busy with other runs. Try again later.')
    running += 1
    try {
      const { signal } = context.mcpReq
      return await runAgent({
        ...what,
        run,
        approve,
        signal: left === undefined ? signal : AbortSignal.any([signal, left]),
        onProgress: progressOf(context),
      })
    } finally {
      running -= 1
    }
  }

  return ({ requestInfo }) => {
    const server = new McpServer({ name: agent.name, version: VERSION })
    server.registerTool(
      name,
      {
        description,
        inputSchema: z.object({
          prompt: z
            .string()
            .max(MAX_PROMPT_CHARS)
            .describe('What the agent is asked to do, with all it needs to know.'),
        }),
        annotations: { readOnlyHint: effect !== 'write', openWorldHint: true },
      },
      // A client of the older protocol cancels by leaving: its notice reaches another instance.
      ({ prompt }, context) => ask({ agent, prompt }, context, requestInfo?.signal),
    )
    for (const own of owned) {
      const { parameters } = own.wire as FunctionToolDefinition
      server.registerTool(
        own.name,
        {
          ...(own.description === '' ? {} : { description: own.description }),
          inputSchema: fromJsonSchema<Record<string, unknown>>(parameters as never),
          annotations: { readOnlyHint: own.effect !== 'write', idempotentHint: own.idempotent === true },
        },
        (args, context) =>
          ask(
            { agent: oneCallAgent(agent.name, own, args), prompt: own.name, answerOf: answerOfCall },
            context,
            requestInfo?.signal,
          ),
      )
    }
    return server
  }
}

/** Functions that the agent runs itself; one of the name of the agent's tool stays behind it. */
const ownTools = ({ spec }: Agent<unknown>, name: string): Tool[] =>
  [...spec.tools.values()].filter(
    (own) => own.execute !== undefined && own.wire.type === 'function' && own.name !== name,
  )

/** Tells a client how far the run is, if it wants to know. */
const progressOf = ({ mcpReq }: ServerContext): ((message: string) => void) => {
  const progressToken = mcpReq._meta?.progressToken
  if (progressToken === undefined) return () => {}
  let progress = 0
  return (message) => {
    progress += 1
    const params = { progressToken, progress, message }
    // A client that has left is told nothing more.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}
