import {
  type AnyItem,
  accumulate,
  createAccumulator,
  createClient,
  eventsOf,
  finalMessage,
  finalText,
  isAntiphonError,
  outputText,
  type Response,
  type ResponseEvent,
  refusalText,
} from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { bodyToApiError, valueToApiError } from '../src/errors/to-api-error.ts'
import { hostileValues, spoiled } from './hostile-values.ts'
import { frame, json, serve } from './loopback.ts'
import { sampleResponse } from './sample-response.ts'

const annotation = { type: 'url_citation', url: 'https://example.org', title: 'x' }
const text = { type: 'output_text', text: 'Four.', annotations: [annotation], logprobs: [{ token: 'F' }] }
const reasoning = { type: 'reasoning', id: 'rs_1', encrypted_content: 'gAAA', status: 'completed' }
const whole = sampleResponse({
  output: [
    {
      ...reasoning,
      summary: [{ type: 'summary_text', text: 'Hm.' }],
      content: [{ type: 'reasoning_text', text: 'Hm.' }],
    },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      phase: 'final_answer',
      content: [text, { type: 'refusal', refusal: 'No.' }],
    },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}', status: 'completed' },
    { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'g', input: 'x' },
    { type: 'mcp_call', id: 'mcp_1', server_label: 's', name: 'h', arguments: '{}', output: 'y' },
    { type: 'code_interpreter_call', id: 'ci_1', code: '1', container_id: 'c', outputs: [] },
    {
      type: 'shell_call',
      id: 'sh_1',
      call_id: 'call_3',
      action: { commands: ['ls'], timeout_ms: null },
      status: 'completed',
    },
  ] as unknown as Response['output'],
  incomplete_details: { reason: 'max_output_tokens' },
  error: { code: 'server_error', message: 'no' },
})

const shell = { item_id: 'sh_1', output_index: 6, command_index: 0 }
const events: ResponseEvent[] = [
  ...eventsOf({ ...whole, incomplete_details: null, error: null }).slice(0, -2),
  { type: 'response.shell_call_command.added', ...shell, command: '' },
  { type: 'response.shell_call_command.delta', ...shell, delta: 'l' },
  { type: 'response.shell_call_command.done', ...shell, command: 'ls' },
  ...eventsOf({ ...whole, incomplete_details: null, error: null }).slice(-2),
] as unknown as ResponseEvent[]

/** What is wrong with how the work ended: nothing when it did its work, or said in words why not. */
const faultOf = (work: () => void): string | undefined => {
  try {
    work()
  } catch (error) {
    return isAntiphonError(error) ? undefined : ((error as Error).stack ?? String(error))
  }
  return undefined
}

/** All that reads a response; throws when one of them gives no text. */
const read = (response: Response): void => {
  const texts = [outputText(response), finalText(response), refusalText(response) ?? '']
  finalMessage(response)
  for (const one of texts) if (typeof one !== 'string') throw new Error(`no text: ${JSON.stringify(one)}`)
}

const readFolded = (response: Response): void => {
  read(response)
  for (const item of response.output) {
    if (typeof (item as AnyItem).type !== 'string') throw new Error(`no item: ${JSON.stringify(item)}`)
  }
}

const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

describe('a value of another kind in any place', () => {
  it('of an event: the fold goes on', () => {
    const bad: string[] = []
    for (const [n, event] of events.entries()) {
      for (const { name, value } of spoiled(event)) {
        const fault = faultOf(() => {
          const fold = createAccumulator({ onSealed: () => undefined })
          for (const [k, each] of events.entries()) fold.push(k === n ? value : each)
          const { output } = fold.snapshot() ?? { output: [] }
          read({ ...whole, output })
          readFolded(fold.finish())
        })
        if (fault !== undefined) bad.push(`${event.type} ${name}: ${fault}`)
      }
    }
    expect(bad.slice(0, 5)).toEqual([])
  })

  it('of an event that is the only one of its item: the fold makes the item', () => {
    const bad: string[] = []
    const ends = events.slice(-1)
    for (const event of events) {
      for (const { name, value } of spoiled(event)) {
        const fault = faultOf(() => readFolded(accumulate([value, event, value, ...ends])))
        if (fault !== undefined) bad.push(`${event.type} ${name}: ${fault}`)
      }
    }
    expect(bad.slice(0, 5)).toEqual([])
  })

  it('of a response: its text is read, and its events are made', () => {
    const bad: string[] = []
    for (const { name, value } of spoiled(whole)) {
      const fault = faultOf(() => {
        read(value)
        readFolded(accumulate(eventsOf(value)))
      })
      if (fault !== undefined) bad.push(`${name}: ${fault}`)
    }
    expect(bad.slice(0, 5)).toEqual([])
  })

  it('of a page: an entity that every object inherits stays as it is', () => {
    const source = { describe: () => 'POST /responses', redactor: () => (one: string) => one, status: 502 }
    const { message } = bodyToApiError('<title>Bad &constructor; &amp; &__proto__;</title>', source)
    expect(message).toContain('Bad &constructor; & &__proto__;')
  })

  it('of an error: its message is a sentence', () => {
    const source = { describe: () => 'POST /responses', redactor: () => (one: string) => one }
    const error = { message: 'no', type: 'invalid', code: 'bad', param: 'input', status: 400 }
    const forms = [
      { error },
      { ...error, type: 'error' },
      { error: { ...error, error: { message: '{"error":{"message":"inner"}}' } } },
      { detail: [{ loc: ['body', 'model'], msg: 'Field required', type: 'missing' }] },
      { errors: [{ message: 'no', detail: { message: 'no' } }], title: 'no', error_description: 'no' },
    ]
    const bad: string[] = []
    for (const form of forms) {
      for (const { name, value } of spoiled(form)) {
        for (const status of [undefined, 400, 500]) {
          const fault = faultOf(() => {
            const made = [
              valueToApiError(value, { ...source, status }),
              bodyToApiError(JSON.stringify(value), { ...source, status }),
            ]
            for (const { message, type, param, apiCode } of made) {
              for (const each of [message, type ?? '', param ?? '', apiCode ?? ''])
                if (typeof each !== 'string') throw new Error(`no text: ${JSON.stringify(each)}`)
            }
          })
          if (fault !== undefined) bad.push(`${name}: ${fault}`)
        }
      }
    }
    expect(bad.slice(0, 5)).toEqual([])
  })
})

describe('an answer of another kind', () => {
  it('to any call is a typed error, or passes as it is', async () => {
    const values = [...hostileValues(), { data: null }, { data: {} }, { data: [null, 1] }, { output: null }]
    let value: unknown
    const server = await serve((response) => json(response, 200, value))
    const client = createClient({ baseURL: server.origin, apiKey: 'test', retries: 0 })
    const { responses, conversations } = client
    const calls: Record<string, () => Promise<unknown>> = {
      create: async () => read(await responses.create({ model: 'm', input: 'x' })),
      stream: async () => readFolded(await responses.stream({ model: 'm', input: 'x' }).response()),
      push: () => responses.push({ model: 'm', input: 'x' }, () => undefined),
      retrieve: () => responses.retrieve('resp_1'),
      poll: () => responses.poll('resp_1', { timeoutMs: 0 }),
      resume: () => responses.resume('resp_1').response(),
      cancel: () => responses.cancel('resp_1'),
      delete: () => responses.delete('resp_1'),
      compact: () => responses.compact({ model: 'm', input: [] }),
      inputTokens: () => responses.inputTokens({ model: 'm', input: 'x' }),
      inputItems: async () => {
        for await (const _ of await responses.inputItems('resp_1'));
      },
      conversation: () => conversations.retrieve('conv_1'),
      items: async () => {
        for await (const _ of await conversations.items.list('conv_1'));
      },
    }
    const bad: string[] = []
    for (value of values) {
      for (const [name, call] of Object.entries(calls)) {
        const error = await call().catch((thrown: unknown) => thrown)
        if (error instanceof Error && !isAntiphonError(error))
          bad.push(`${name} ${JSON.stringify(value)}: ${error.stack}`)
      }
    }
    expect(bad.slice(0, 5)).toEqual([])
  })

  it('inside a stream is passed over', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const value of hostileValues()) {
        if (isRecord(value)) response.write(frame(value as object))
        response.write(frame({ type: 'response.output_item.done', output_index: value, item: value }))
        response.write(frame({ type: 'response.created', response: value, sequence_number: value }))
        response.write(frame({ type: 'response.created', response: { id: [value] } }))
      }
      response.end(frame(events.at(-1) as object))
    })
    const client = createClient({ baseURL: server.origin, apiKey: 'test', retries: 0 })
    const stream = client.responses.stream({ model: 'm', input: 'x' })
    const response = await stream.response()
    expect(outputText(response)).toBe('Four.')
    expect(stream.lastSequenceNumber).toBe(1e308)
    expect(stream.id).toBe('resp_1')
  })
})
