import { type InputItem, isAntiphonError, type ResponseEvent, type ResponseRequest } from '@antiphon/client'
import {
  type AgentOptions,
  agent,
  asModel,
  cached,
  compact,
  customTool,
  fallback,
  guard,
  type Model,
  type Run,
  redact,
  reject,
  repairItems,
  retry,
  trimHistory,
  validateItems,
} from 'antiphon'
import { describe, expect, it } from 'vitest'
import { spoiled } from '../../client/test/hostile-values.ts'
import { estimateTokens } from '../src/history/estimate-tokens.ts'
import { transcript } from '../src/history/transcript.ts'
import { outcomeOf, sealed, traces } from './faults-world.ts'

const items: Record<string, object> = {
  reasoning: { type: 'reasoning', id: 'i', summary: [{ type: 'summary_text', text: 'Hm.' }], content: [] },
  message: {
    type: 'message',
    id: 'i',
    role: 'assistant',
    status: 'completed',
    phase: 'final_answer',
    content: [{ type: 'output_text', text: 'So.', annotations: [{ type: 'url_citation', url: 'u' }] }],
  },
  function_call: { type: 'function_call', id: 'i', call_id: 'c', name: 'look', arguments: '{"city":"Oslo"}' },
  namespaced: { type: 'function_call', id: 'i', call_id: 'c', name: 'look', namespace: 'n', arguments: '{}' },
  custom_tool_call: { type: 'custom_tool_call', id: 'i', call_id: 'c', name: 'note', input: 'x' },
  mcp_call: {
    type: 'mcp_call',
    id: 'i',
    server_label: 's',
    name: 'n',
    arguments: '{}',
    error: { type: 'x', message: 'm' },
    output: null,
  },
  mcp_list_tools: { type: 'mcp_list_tools', id: 'i', server_label: 's', tools: [{ name: 'n' }] },
  mcp_approval_request: {
    type: 'mcp_approval_request',
    id: 'i',
    server_label: 's',
    name: 'n',
    arguments: '{}',
  },
  shell_call: {
    type: 'shell_call',
    id: 'i',
    call_id: 'c',
    action: { commands: ['ls'] },
    status: 'completed',
  },
  local_shell_call: { type: 'local_shell_call', id: 'i', call_id: 'c', action: { command: ['ls'] } },
  apply_patch_call: { type: 'apply_patch_call', id: 'i', call_id: 'c', operation: { path: 'a' } },
  computer_call: { type: 'computer_call', id: 'i', call_id: 'c', action: { type: 'click' } },
  tool_search_call: { type: 'tool_search_call', id: 'i', call_id: 'c', execution: 'client', arguments: {} },
  web_search_call: { type: 'web_search_call', id: 'i', action: { type: 'search', query: 'q', sources: [] } },
  function_call_output: {
    type: 'function_call_output',
    id: 'i',
    call_id: 'c',
    output: [{ type: 't', text: '' }],
  },
  compaction: { type: 'compaction', id: 'i', encrypted_content: 'x' },
}

/** Answers with these items first, then with a text. */
const modelOf = (first: readonly ResponseEvent[]): Model => {
  let calls = 0
  return async (_request: ResponseRequest, sink) => {
    const done = {
      type: 'message',
      id: `d${calls}`,
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Done.' }],
    }
    for (const event of calls++ === 0 ? first : sealed([done]).events) sink(structuredClone(event))
  }
}

const tools = () => [...traces().tools, customTool({ name: 'note', execute: (input) => `noted ${input}` })]

/** What lies between a model and an agent. */
const layers: Record<string, (model: Model) => Model | Pick<AgentOptions, 'model' | 'use'>> = {
  nothing: (model) => model,
  'an agent as the model': (model) => asModel(agent({ model, tools: tools() }), { showCalls: true }),
  middleware: (model) => ({
    model: fallback([retry(cached(model), { attempts: 2, baseMs: 1 }), model]),
    use: [
      redact(),
      guard({ input: () => undefined, output: () => undefined, tool: { after: () => undefined } }),
      trimHistory({ maxTokensEstimate: 200 }),
      compact({ whenTokens: 1, keepTurns: 1, by: 'summary' }),
    ],
  }),
}

/** Runs to the end, and on from there; what is wrong with that. */
const faultOf = async (events: readonly ResponseEvent[], layer = 'nothing'): Promise<string | undefined> => {
  try {
    const made = layers[layer]?.(modelOf(events))
    const options = typeof made === 'function' ? { model: made } : made
    const own = layer === 'an agent as the model' ? [] : tools()
    const assistant = agent({ model: modelOf([]), ...options, tools: own })
    const { result, error } = await outcomeOf(assistant.run('Go'))
    if (error?.code === 'run_failed') return (error.cause as Error | undefined)?.stack ?? error.message
    const { state, stop, history } = result
    if (stop.reason === 'approval' && state !== undefined) {
      const decisions = stop.pending.map((call) => reject(call, 'no'))
      // A call that the wire cannot reject is refused in words.
      const resumed = await faultyResume(() => assistant.resume(JSON.parse(JSON.stringify(state)), decisions))
      return resumed
    }
    const more: InputItem = { type: 'message', role: 'user', content: 'Go on.' }
    const again = await outcomeOf(assistant.run([...history, more]))
    return again.error === undefined ? undefined : `again: ${again.error.stack}`
  } catch (error) {
    return (error as Error).stack ?? String(error)
  }
}

const faultyResume = async (resume: () => Run<unknown>): Promise<string | undefined> => {
  try {
    const { error } = await outcomeOf(resume())
    return error?.code === 'run_failed' ? `resumed: ${(error.cause as Error | undefined)?.stack}` : undefined
  } catch (error) {
    return isAntiphonError(error) ? undefined : `resumed: ${(error as Error).stack}`
  }
}

describe('a value of another kind in any place of an item', () => {
  it.each(Object.keys(items))('%s: the run ends with a result or an error in words', async (type) => {
    const item = items[type] as object
    expect(await faultOf(sealed([item]).events)).toBeUndefined()
    const bad: string[] = []
    for (const layer of Object.keys(layers)) {
      for (const { name, value } of spoiled(item)) {
        const fault = await faultOf(sealed([value]).events, layer)
        if (fault !== undefined) bad.push(`${layer}, ${name}: ${fault}`)
      }
    }
    expect(bad.slice(0, 3)).toEqual([])
  })

  it('in the response: usage, status, error and all', async () => {
    const last = {
      usage: {
        input_tokens: 1,
        input_tokens_details: { cached_tokens: 1 },
        output_tokens: 1,
        output_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 2,
      },
      model: 'gpt-5.4',
      service_tier: 'default',
      incomplete_details: { reason: 'max_output_tokens' },
      error: { code: 'server_error', message: 'no' },
      conversation: { id: 'conv_1' },
      metadata: {},
      status: 'completed',
    }
    const bad: string[] = []
    for (const [status, layer] of [
      ['completed', 'nothing'],
      ['incomplete', 'nothing'],
      ['failed', 'nothing'],
      ['failed', 'middleware'],
      ['completed', 'an agent as the model'],
    ] as const) {
      const { events } = sealed([items.message], { ...last, status })
      for (const { name, value } of spoiled(events.at(-1) as ResponseEvent)) {
        if (typeof value.type !== 'string') continue
        const fault = await faultOf([...events.slice(0, -1), value], layer)
        if (fault !== undefined) bad.push(`${status}, ${layer}, ${name}: ${fault}`)
      }
    }
    expect(bad.slice(0, 3)).toEqual([])
  })

  it('what reads a history reads it', () => {
    const bad: string[] = []
    for (const item of Object.values(items)) {
      for (const { name, value } of spoiled(item)) {
        const list = [value, { ...value, id: 'other' }, value] as unknown as InputItem[]
        try {
          validateItems(list)
          repairItems(list)
          transcript(list)
          for (const one of list) estimateTokens(one)
        } catch (error) {
          bad.push(`${JSON.stringify(value)} ${name}: ${(error as Error).stack}`)
        }
      }
    }
    expect(bad.slice(0, 3)).toEqual([])
  })
})
