import type { OutputItem, ResponseRequest } from '@antiphon/client'
import { answerBlocks, composeAnswer } from './compose-answer.ts'
import { conformOutput } from './conform-output.ts'
import type { Decision } from './emit-response.ts'
import { CHARS_PER_TOKEN, spoken } from './estimate-usage.ts'
import { isObject } from './json-schema.ts'
import { type Ids, makeIds } from './make-ids.ts'
import { nextCalls } from './next-calls.ts'
import { type PlannedCall, planCalls } from './plan-calls.ts'
import { readConversation } from './read-conversation.ts'
import { readTools, type Tool } from './read-tools.ts'

/** The whole of the model's thinking: calls when the question needs them, else the answer. */
export const decide = (
  request: ResponseRequest,
  seed: number,
  known: WeakMap<object, Tool>,
): { decision: Decision; ids: Ids } => {
  const turn = readConversation(request)
  const choice = readTools(request, known)
  const plan = planCalls(turn, choice)
  const ids = makeIds(turn, seed)
  const calls = nextCalls(plan, turn, choice, request.parallel_tool_calls !== false)
  const items =
    calls.length > 0 ? calls.map((call, index) => callItem(call, ids, index)) : [messageItem(answer(), ids)]
  return { decision: withinBudget(items, request.max_output_tokens), ids }

  function answer(): string {
    const format: unknown = request.text?.format
    if (!isObject(format) || format.type === 'text') return composeAnswer(plan, turn, choice.tools, seed)
    const text = answerBlocks(plan, turn, choice.tools, seed).join('\n\n')
    return format.type === 'json_schema' && isObject(format.schema)
      ? conformOutput(format.schema, plan, turn, text)
      : JSON.stringify({ answer: text })
  }
}

const callItem = (call: PlannedCall, ids: Ids, index: number): OutputItem =>
  ({
    type: 'function_call',
    id: ids.item('fc', index),
    call_id: ids.call(index),
    name: call.tool.name,
    ...(call.tool.namespace === undefined ? {} : { namespace: call.tool.namespace }),
    arguments: JSON.stringify(call.args),
    status: 'completed',
  }) as OutputItem

const messageItem = (text: string, ids: Ids): OutputItem =>
  ({
    type: 'message',
    id: ids.item('msg', 0),
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  }) as OutputItem

/** Cuts what is over `max_output_tokens`, as a model does: in the middle of a text or of a call's arguments. */
const withinBudget = (items: readonly OutputItem[], maxTokens: number | null | undefined): Decision => {
  if (typeof maxTokens !== 'number') return { output: items, cutOff: false }
  let left = maxTokens * CHARS_PER_TOKEN
  const output: OutputItem[] = []
  for (const item of items) {
    const { length } = spoken(item)
    if (length > left) return { output: [...output, cutItem(item, left)], cutOff: true }
    left -= length
    output.push(item)
  }
  return { output, cutOff: false }
}

const cutItem = (item: OutputItem, chars: number): OutputItem => {
  if (item.type === 'function_call') {
    return {
      ...item,
      arguments: item.arguments.slice(0, Math.max(0, chars - item.name.length)),
      status: 'incomplete',
    }
  }
  const text = spoken(item).slice(0, chars)
  return {
    ...item,
    status: 'incomplete',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  } as OutputItem
}
