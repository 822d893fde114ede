import type { FunctionCall, InputItem, McpApprovalRequest, McpCall, OutputItem } from '@antiphon/client'
import { agent, memoryRuns, tool, validateItems } from 'antiphon'
import { type ScriptParts, scripted } from 'antiphon/testing'
import { array, assert, asyncProperty, boolean, constantFrom, option, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agentUpstream } from '../src/agents/agent-upstream.ts'
import { ask, testApprovals, user } from './agent-ask.ts'

const NAMES = ['look', 'put', 'fail', 'pay', 'weather', 'nothing'] as const
const turn = record({
  reasoning: option(constantFrom('Hm.')),
  text: option(constantFrom('So.')),
  names: array(constantFrom(...NAMES), { maxLength: 4 }),
  // Some servers give all calls one id.
  isOneId: boolean(),
})
const bounds = record({
  max_tool_calls: option(constantFrom(1, 2, 3), { nil: undefined }),
  parallel_tool_calls: constantFrom(undefined, true, false),
  tool_choice: constantFrom(undefined, 'auto' as const, {
    type: 'allowed_tools' as const,
    mode: 'auto' as const,
    tools: [
      { type: 'function', name: 'weather' },
      { type: 'function', name: 'put' },
      { type: 'mcp', server_label: 'scout', name: 'pay' },
    ],
  }),
})

let told = 0

const makeAgent = (turns: readonly ScriptParts[]) => {
  const done: string[] = []
  const act = (name: string, more: object = {}) =>
    tool({
      name,
      execute: () => {
        done.push(name)
        if (name === 'fail') throw new Error('It failed.')
        return `${name} is done`
      },
      ...more,
    })
  const tools = [
    act('look', { effect: 'read' }),
    act('put'),
    act('fail', { effect: 'none' }),
    act('pay', { needsApproval: true }),
  ]
  const model = scripted([...turns, 'One.', 'Two.', 'Three.', 'Four.', 'Five.', 'Six.', 'Seven.', 'Eight.'])
  return { done, model, upstream: agentUpstream(agent({ name: 'scout', model, tools })) }
}

const answersTo = (output: readonly OutputItem[], approve: boolean): InputItem[] =>
  output.flatMap((item): InputItem[] => {
    if (item.type === 'function_call')
      return [{ type: 'function_call_output', call_id: (item as FunctionCall).call_id, output: 'sun' }]
    if (item.type !== 'mcp_approval_request') return []
    const { id } = item as McpApprovalRequest
    return [{ type: 'mcp_approval_response', approval_request_id: id, approve } as InputItem]
  })

describe('whatever the model of a served agent does', () => {
  it('the response is valid, within its bounds, and can be gone on from; told again, it is the same', async () => {
    await assert(
      asyncProperty(array(turn, { maxLength: 4 }), bounds, boolean(), async (turns, given, approve) => {
        let n = 0
        const steps = turns.map(
          ({ reasoning, text, names, isOneId }): ScriptParts => ({
            ...(reasoning === null ? {} : { reasoning }),
            text: text ?? (names.length === 0 ? 'Done.' : undefined),
            calls: names.map((name) => ({ name, callId: isOneId ? 'call_same' : `call_${n++}` })),
          }),
        )
        const { upstream, model, done } = makeAgent(steps)
        const approvals = testApprovals()
        const tools = [
          { type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false } as const,
        ]
        const request = { ...given, tools }
        const max = given.max_tool_calls ?? Number.POSITIVE_INFINITY
        const items: InputItem[] = [user('Go')]
        for (let round = 0; round < 3; round++) {
          const runs = memoryRuns()
          const kept = { approvals, runs, responseId: `resp_${told++}` }
          const before = done.length
          const { output, response } = await ask(upstream, { ...request, input: [...items] }, kept)
          expect(response.status).toBe('completed')
          expect(done.length - before).toBeLessThanOrEqual(max)
          const own = output.filter(({ type }) => type === 'mcp_call') as McpCall[]
          expect(own.filter(({ name }) => name !== 'nothing').length).toBeLessThanOrEqual(max)
          expect(own.filter(({ status }) => status === 'completed').length).toBeLessThanOrEqual(
            done.length - before,
          )
          if (typeof given.tool_choice === 'object')
            for (const item of output)
              expect(['look', 'fail', 'nothing']).not.toContain((item as McpCall).name)
          const asked = model.requests.length
          const again = await ask(upstream, { ...request, input: [...items] }, kept)
          expect(again.output).toEqual(output)
          expect(model.requests.length).toBe(asked)
          items.push(...(output as InputItem[]), ...answersTo(output, approve))
          if (items.at(-1) === output.at(-1)) items.push(user('And?'))
        }
        for (const { input } of model.requests) expect(validateItems(input as InputItem[])).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
