import { eventsOf, type FunctionCallOutput, type InputItem, type Response } from '@antiphon/client'
import { type Agent, agent, fromIterable, type Model, type RunResult, type Tool } from 'antiphon'
import { failedAnswer, type ToolAnswer } from './run-agent.ts'

const CALL_ID = 'call_1'

/**
 * An agent that makes one call and says nothing: with it a tool runs as in any run, with its checks, its slots, its time limit and its approvals, but no model decides.
 */
export const oneCallAgent = (name: string, tool: Tool, args: unknown): Agent<unknown> =>
  agent({ name, model: oneCallModel(tool.name, JSON.stringify(args)), tools: [tool] }) as Agent<unknown>

/** What the call came to. */
export const answerOfCall = ({ items }: Pick<RunResult<unknown>, 'items'>, wasOk: boolean): ToolAnswer => {
  const found = items.find(
    (item: InputItem) => (item as { type?: string }).type === 'function_call_output',
  ) as FunctionCallOutput | undefined
  const { output } = found ?? {}
  if (output === undefined || output === null) return failedAnswer('The tool gave nothing.')
  if (typeof output === 'string')
    return wasOk ? { content: [{ type: 'text', text: output }] } : failedAnswer(output)
  return { content: output.map((part) => ({ type: 'text' as const, text: textOf(part) })) }
}

const textOf = (part: { readonly type: string }): string =>
  'text' in part && typeof part.text === 'string' ? part.text : `[${part.type}, not shown]`

const oneCallModel = (name: string, args: string): Model => {
  let called = false
  return fromIterable(() => {
    const output = called
      ? [{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [] }]
      : [{ type: 'function_call', id: 'fc_1', call_id: CALL_ID, name, arguments: args, status: 'completed' }]
    const id = called ? 'resp_2' : 'resp_1'
    called = true
    return eventsOf({
      id,
      object: 'response',
      status: 'completed',
      model: 'one-call',
      output,
    } as unknown as Response)
  })
}
