import type { OutputItem, Response, ResponseEvent } from '@antiphon/client'

/** A completed response with the given output. */
export const responseOf = (output: unknown[], more: object = {}): Response =>
  ({
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'm',
    error: null,
    incomplete_details: null,
    ...more,
    output,
  }) as Response

/** A message with one text. */
export const message = (text: string, more: object = {}): OutputItem =>
  ({
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
    ...more,
  }) as OutputItem

/** A function call. */
export const call = (n: number, args: string, more: object = {}): OutputItem =>
  ({
    type: 'function_call',
    id: `fc_${n}`,
    call_id: `call_${n}`,
    name: 'f',
    arguments: args,
    status: 'completed',
    ...more,
  }) as OutputItem

/** Events written as they come over the wire, without the prefix `response.`, in any shape. */
export const wire = (...events: [type: string, fields?: object][]): ResponseEvent[] =>
  events.map(([type, fields]) => ({
    type: type === 'error' || type.includes('keepalive') ? type : `response.${type}`,
    ...fields,
  })) as unknown as ResponseEvent[]

/** The event at the start of every stream. */
export const created: [string, object] = [
  'created',
  {
    response: {
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      model: 'm',
      status: 'in_progress',
      output: [],
    },
  },
]
