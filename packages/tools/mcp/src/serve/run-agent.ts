import {
  type Agent,
  approve,
  type Decision,
  type PendingCall,
  type RunEvent,
  type RunOptions,
  type RunResult,
  reject,
} from 'antiphon'

/** What an answer to an MCP client is made of. */
export interface ToolAnswer {
  readonly content: { readonly type: 'text'; readonly text: string }[]
  readonly structuredContent?: Record<string, unknown>
  readonly isError?: boolean
  readonly [field: string]: unknown
}

/** How a call from outside is run. */
export interface AgentCall {
  readonly agent: Agent<unknown>
  readonly prompt: string
  /** Limits, queue, store and the like, for all runs. */
  readonly run: RunOptions
  readonly signal: AbortSignal
  /** Says whether a call that waits for a person may run. */
  readonly approve: (call: PendingCall) => boolean | Promise<boolean>
  /** Told in words how far the run is. */
  readonly onProgress: (message: string) => void
  /** What the client gets of a run that ended. `wasOk`: no call of it failed. @defaultValue its text, and its output where that is an object */
  readonly answerOf?: (result: RunResult<unknown>, wasOk: boolean) => ToolAnswer
}

export const failedAnswer = (text: string): ToolAnswer => ({
  content: [{ type: 'text', text }],
  isError: true,
})

/** Why nobody approves: told to the model, which may go on without. */
const NOBODY = 'nobody can approve it here'

/** Runs an agent for a client, to its end: what waits for a person is decided at once, or rejected. */
export const runAgent = async (call: AgentCall): Promise<ToolAnswer> => {
  const { agent, signal, onProgress } = call
  const options: RunOptions = { ...call.run, signal }
  let wasOk = true
  const follow = (run: ReturnType<Agent<unknown>['run']>) => {
    run.on('event', (event) => {
      if (event.type === 'tool.ended' && event.outcome !== 'ok') wasOk = false
      const message = describe(event)
      if (message !== undefined) onProgress(message)
    })
    return run.result()
  }
  try {
    let result = await follow(agent.run(call.prompt, options))
    while (result.stop.reason === 'approval') {
      const decisions = await Promise.all(result.stop.pending.map((pending) => decide(pending, call)))
      if (result.state === undefined || decisions.some((decision) => decision === undefined))
        return failedAnswer('The agent waits for somebody who is not there.')
      result = await follow(agent.resume(result.state, decisions as Decision[], options))
    }
    if (result.stop.reason === 'cancelled') return failedAnswer('The run was cancelled.')
    return call.answerOf === undefined ? answerOf(result) : call.answerOf(result, wasOk)
  } catch (error) {
    return failedAnswer(`The agent failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const answerOf = ({ stop, text, output }: RunResult<unknown>): ToolAnswer => {
  if (stop.reason === 'incomplete') return failedAnswer(`The answer was cut off: ${stop.details}.\n${text}`)
  if (stop.reason === 'limit' && text === '')
    return failedAnswer(`The agent reached its limit of ${stop.max} ${stop.limit} without an answer.`)
  const structured =
    typeof output === 'object' && output !== null && !Array.isArray(output)
      ? { structuredContent: output as Record<string, unknown> }
      : {}
  return { content: [{ type: 'text', text }], ...structured }
}

/** Undefined for what an approval cannot settle: an output that the caller owes. */
const decide = async (pending: PendingCall, call: AgentCall): Promise<Decision | undefined> => {
  if (pending.kind !== 'approval') return undefined
  return (await call.approve(pending)) ? approve(pending) : reject(pending, NOBODY)
}

const describe = (event: RunEvent): string | undefined => {
  switch (event.type) {
    case 'turn.started':
      return event.turn === 0 ? 'The agent thinks.' : `The agent thinks (turn ${event.turn + 1}).`
    case 'tool.started':
      return `It calls ${event.name}.`
    case 'tool.ended':
      return event.outcome === 'ok' ? `${event.name} has answered.` : `${event.name} gave no result.`
    default:
      return undefined
  }
}
