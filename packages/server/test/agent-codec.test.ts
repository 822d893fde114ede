import type { CustomToolCall, FunctionCall, InputItem, McpApprovalRequest, McpCall } from '@antiphon/client'
import { validateItems } from 'antiphon'
import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  json,
  oneof,
  option,
  property,
  record,
  string,
  tuple,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnsweredCall, toAnsweredCall, toMcpCall } from '../src/agents/call-codec.ts'
import { outputOf, outputTextOf } from '../src/agents/output-text.ts'
import { toHistory } from '../src/agents/to-history.ts'
import { approvedCallId, callIdOf } from '../src/upstream/item-id.ts'

const isCustom = (name: string): boolean => name.startsWith('custom')
const own = { label: 'scout', isCustom }
const name = constantFrom('look', 'put', 'custom_grep')
const hex = array(constantFrom(...'0123456789abcdef'), { minLength: 40, maxLength: 40 }).map((all) =>
  all.join(''),
)
const part = oneof(
  record({ type: constant('input_text' as const), text: string() }),
  record({ type: constant('input_image' as const), image_url: string(), detail: constant('auto' as const) }),
)
const textOutput = oneof(
  string(),
  json(),
  string().map((text) => JSON.stringify({ text })),
  array(part).map((content) => JSON.stringify({ content })),
)
const output = oneof(textOutput, array(part, { minLength: 1, maxLength: 3 }))

/** What this server itself writes. */
const mcpCall: Arbitrary<McpCall> = tuple(hex, name, textOutput, textOutput, boolean(), boolean()).map(
  ([id, name, args, text, failed, approved]) => ({
    id: `mcp_${id}`,
    type: 'mcp_call',
    server_label: 'scout',
    name,
    arguments: args,
    ...(approved ? { approval_request_id: `mcpr_${id}` } : {}),
    ...(failed
      ? { error: { type: 'mcp_tool_execution_error', content: [{ type: 'text', text }] } }
      : { output: outputTextOf(text) }),
    status: failed ? 'failed' : 'completed',
  }),
)
const answeredCall: Arbitrary<AnsweredCall> = tuple(hex, name, string(), output, boolean()).map(
  ([id, name, args, output, failed]) => {
    const call_id = `call_${id}`
    return isCustom(name)
      ? {
          call: { type: 'custom_tool_call', call_id, name, input: args },
          output: { type: 'custom_tool_call_output', call_id, output } as InputItem,
          failed,
        }
      : {
          call: { type: 'function_call', call_id, name, arguments: args },
          output: { type: 'function_call_output', call_id, output },
          failed,
        }
  },
)
const idOf = ({ call }: AnsweredCall): string => call.call_id.replace('call_', 'mcp_')

describe('a call of a served agent', () => {
  it('is an mcp_call on the wire and a call with its output for the model, and back, without a loss', () => {
    assert(
      property(mcpCall, (item) => {
        const shown = {
          id: item.id,
          serverLabel: 'scout',
          ...(item.approval_request_id ? { approvalRequestId: item.approval_request_id } : {}),
        }
        expect(toMcpCall(toAnsweredCall(item, isCustom), shown)).toEqual(item)
      }),
    )
    assert(
      property(answeredCall, (answered) => {
        const item = toMcpCall(answered, { id: idOf(answered), serverLabel: 'scout' })
        expect(toAnsweredCall(JSON.parse(JSON.stringify(item)) as McpCall, isCustom)).toEqual(answered)
      }),
    )
  })

  it('keeps any output as text that gives it back', () => {
    assert(
      property(output, (value) => {
        expect(outputOf(outputTextOf(value))).toEqual(value)
      }),
    )
    expect(outputTextOf('plain')).toBe('plain')
  })

  it('derives call ids from item ids: the same for a request and its call, others for others, never too long', () => {
    assert(
      property(oneof(hex, string()), oneof(hex, string()), (a, b) => {
        expect(callIdOf(`mcp_${a}`)).toBe(callIdOf(`mcp_${a}`))
        if (a !== b) expect(callIdOf(`mcp_${a}`)).not.toBe(callIdOf(`mcp_${b}`))
        expect(callIdOf(`mcp_${a}`).length).toBeLessThanOrEqual(64)
      }),
    )
    assert(
      property(hex, (id) => {
        expect(callIdOf(approvedCallId(`mcpr_${id}`))).toBe(callIdOf(`mcpr_${id}`))
      }),
    )
  })
})

const foreign: Arbitrary<InputItem> = oneof(
  string().map((content): InputItem => ({ type: 'message', role: 'user', content })),
  tuple(hex, string()).map(
    ([id, output]) =>
      ({
        id: `mcp_${id}`,
        type: 'mcp_call',
        server_label: 'deepwiki',
        name: 'ask',
        arguments: '{}',
        output,
      }) as InputItem,
  ),
  hex.map(
    (id) =>
      ({
        id: `mcpr_${id}`,
        type: 'mcp_approval_response',
        approval_request_id: `mcpr_${id}`,
        approve: true,
      }) as InputItem,
  ),
  hex.map((id) => ({ id: `rs_${id}`, type: 'reasoning', summary: [] }) as InputItem),
)
const request = tuple(hex, name, string()).map(
  ([id, name, args]): McpApprovalRequest => ({
    id: `mcpr_${id}`,
    type: 'mcp_approval_request',
    server_label: 'scout',
    name,
    arguments: args,
  }),
)
/** A request with what may have become of it, in any order of the rest. */
const asked = tuple(
  request,
  constantFrom('none', 'rejected', 'lost', 'run'),
  option(string(), { nil: null }),
  mcpCall,
).map(([request, fate, reason, call]): InputItem[] => {
  const response = {
    id: `mcpa_${request.id}`,
    type: 'mcp_approval_response',
    approval_request_id: request.id,
    approve: fate !== 'rejected',
    reason,
  } as InputItem
  const run = {
    ...call,
    id: approvedCallId(request.id),
    name: request.name,
    arguments: request.arguments,
    approval_request_id: request.id,
  } as InputItem
  return [request as InputItem, ...(fate === 'none' ? [] : [response]), ...(fate === 'run' ? [run] : [])]
})

describe('a history with calls of a served agent', () => {
  it('is always one that models take, and leaves all other items as they are', () => {
    const piece = oneof(
      foreign.map((item) => ({ isForeign: true, items: [item] })),
      mcpCall.map(({ approval_request_id: _, ...item }) => ({
        isForeign: false,
        items: [item as InputItem],
      })),
      asked.map((items) => ({ isForeign: false, items })),
    )
    assert(
      property(array(piece, { maxLength: 8 }), (pieces) => {
        const history = toHistory(
          pieces.flatMap(({ items }) => items),
          own,
        )
        const foreigners = pieces.flatMap(({ isForeign, items }) => (isForeign ? items : []))
        expect(history.filter((item) => foreigners.includes(item))).toEqual(foreigners)
        const ours = history.filter((item) => !foreigners.includes(item))
        expect(validateItems(ours)).toEqual([])
        const calls = ours.filter(({ type }) => /call$/.test(type ?? '')) as (FunctionCall | CustomToolCall)[]
        expect(calls).toHaveLength(pieces.filter(({ isForeign }) => !isForeign).length)
        expect(ours).toHaveLength(calls.length * 2)
      }),
    )
  })

  it('tells the model what became of a request: rejected, not decided, or run', () => {
    const [item] = [{ ...BASE, id: `mcpr_${'a'.repeat(40)}`, type: 'mcp_approval_request' } as InputItem]
    const decide = (approve: boolean, reason?: string): InputItem =>
      ({
        type: 'mcp_approval_response',
        approval_request_id: `mcpr_${'a'.repeat(40)}`,
        approve,
        reason,
      }) as InputItem
    const said = (items: InputItem[]): unknown[] =>
      toHistory(items, own).map((each) => (each as { output?: unknown }).output ?? each.type)
    expect(said([item])).toEqual(['function_call', 'Not executed: nobody has decided about this call.'])
    expect(said([item, decide(false, 'too dear')])).toEqual([
      'function_call',
      'Not executed: a person rejected the call: too dear',
    ])
    expect(said([item, decide(true)])[1]).toContain('Unknown outcome')
    const call = {
      ...BASE,
      id: 'mcp_x',
      type: 'mcp_call',
      output: 'yes',
      approval_request_id: `mcpr_${'a'.repeat(40)}`,
    }
    expect(said([item, decide(true), call as InputItem])).toEqual(['function_call', 'yes'])
    // A call that the client holds alone, without the request.
    expect(said([call as InputItem])).toEqual(['function_call', 'yes'])
  })
})

const BASE = { server_label: 'scout', name: 'look', arguments: '{}' }
