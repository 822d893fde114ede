import type { OutputItem, Response, ResponseEvent } from '@antiphon/client'
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai'
import { callItem, lifecycleEvents, messageItem, reasoningItem, refusalItem } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { readChatRequest } from '../src/ui-messages/chat-request.ts'
import { fromUiMessages } from '../src/ui-messages/from-ui-messages.ts'
import { toUiMessageChunks } from '../src/ui-messages/ui-message-stream.ts'

const user = (...parts: UIMessage['parts']): UIMessage => ({ id: 'u', role: 'user', parts })
const assistant = (...parts: UIMessage['parts']): UIMessage => ({ id: 'a', role: 'assistant', parts })
const text = (value: string) => ({ type: 'text' as const, text: value })

const responseOf = (output: unknown[]): Response => ({
  id: 'resp_1',
  object: 'response',
  created_at: 0,
  model: 'm',
  status: 'completed',
  output: output as OutputItem[],
})

/** The items as a page has them after it has read their stream. */
const asMessage = async (output: unknown[]): Promise<UIMessage> => {
  const events = async function* (): AsyncGenerator<ResponseEvent> {
    yield* lifecycleEvents(responseOf(output))
  }
  const chunks: UIMessageChunk[] = []
  for await (const chunk of toUiMessageChunks(events())) chunks.push(chunk as UIMessageChunk)
  const stream = new ReadableStream<UIMessageChunk>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  let last: UIMessage | undefined
  for await (const message of readUIMessageStream({ stream })) last = message
  // A page sends JSON.
  return JSON.parse(JSON.stringify(last)) as UIMessage
}

describe('messages of a page as input', () => {
  it('keep text, pictures and files of the user', () => {
    const message = user(
      text('Look:'),
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA' },
      {
        type: 'file',
        mediaType: 'application/pdf',
        url: 'data:application/pdf;base64,AA',
        filename: 'a.pdf',
      },
      { type: 'file', mediaType: 'application/pdf', url: 'https://example.com/b.pdf' },
      { type: 'file', mediaType: 'text/plain', url: '', providerReference: { openai: 'file_1' } },
      { type: 'data-own', data: 1 } as never,
    )
    expect(fromUiMessages([{ id: 's', role: 'system', parts: [text('Be kind.')] }, message])).toEqual([
      { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be kind.' }] },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look:' },
          { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AA' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' },
          { type: 'input_file', file_url: 'https://example.com/b.pdf' },
          { type: 'input_file', file_id: 'file_1' },
        ],
      },
    ])
    expect(fromUiMessages([user()])).toEqual([])
  })

  it('give back the items that the stream was made of', async () => {
    const thinking = {
      ...reasoningItem({ encryptedContent: 'secret' }),
      content: [{ type: 'reasoning_text', text: 'Raw.' }],
    }
    const mcp = {
      type: 'mcp_call',
      id: 'mcp_1',
      server_label: 'agent',
      name: 'lookup',
      arguments: '{"q":"x"}',
      status: 'completed',
      output: '{ "a": 1 }',
      error: null,
    }
    const web = {
      type: 'web_search_call',
      id: 'ws_1',
      status: 'completed',
      action: { type: 'search', query: 'q' },
      results: [1],
    }
    const image = { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'AAAA' }
    const other = { type: 'compaction', id: 'cmp_1', encrypted_content: 'x' }
    const output = [
      thinking,
      { ...messageItem('Hello.'), phase: 'commentary' },
      mcp,
      web,
      image,
      other,
      refusalItem('No.'),
    ]
    expect(fromUiMessages([await asMessage(output)])).toEqual([
      thinking,
      { type: 'message', role: 'assistant', content: 'Hello.', phase: 'commentary' },
      mcp,
      web,
      image,
      other,
      { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ])
  })

  it('keep a reasoning that has nothing to read, and tell two apart', async () => {
    const silent = { ...reasoningItem({ id: 'rs_1', encryptedContent: 'one' }), summary: [] }
    const second = reasoningItem({ id: 'rs_2', summary: 'Two.', encryptedContent: 'two' })
    expect(fromUiMessages([await asMessage([silent, second])])).toEqual([silent, second])
    expect(fromUiMessages([assistant({ type: 'reasoning', text: 'of another server' })])).toEqual([])
  })

  it('pair every call with one output, whatever became of it', async () => {
    const custom = {
      type: 'custom_tool_call',
      id: 'ctc_1',
      call_id: 'call_2',
      name: 'sql',
      input: 'SELECT 1',
    }
    const message = await asMessage([callItem('weather', { city: 'Oslo' }), custom])
    const answered = (more: object) => ({
      ...message,
      parts: message.parts.map((part) => ({ ...part, ...more })),
    })
    const outputs = (more: object): unknown[] =>
      fromUiMessages([answered(more) as UIMessage]).flatMap((item) => ('output' in item ? [item.output] : []))
    expect(
      fromUiMessages([answered({ state: 'output-available', output: { sunny: true } }) as UIMessage]),
    ).toEqual([
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'function_call_output', call_id: 'call_1', output: '{"sunny":true}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'sql', input: 'SELECT 1' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: '{"sunny":true}' },
    ])
    expect(outputs({ state: 'output-available', output: 'text' })).toEqual(['text', 'text'])
    expect(outputs({ state: 'output-available', output: undefined })).toEqual(['', ''])
    expect(outputs({ state: 'output-error', errorText: 'down' })).toEqual(['down', 'down'])
    expect(outputs({})).toEqual(['The call was not answered.', 'The call was not answered.'])
    const refused = { state: 'output-denied', approval: { id: 'x', approved: false, reason: 'too dear' } }
    expect(outputs(refused)[0]).toBe('The user refused the call: too dear')
    expect(outputs({ state: 'input-streaming' })).toEqual([])
  })

  it('tell a decision while it is news, and later what became of it', async () => {
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 'agent',
      name: 'pay',
      arguments: '{"n":1}',
    }
    const asked = await asMessage([request])
    const decided = (more: object): UIMessage =>
      ({
        ...asked,
        parts: asked.parts.map((part) => (part.type === 'dynamic-tool' ? { ...part, ...more } : part)),
      }) as UIMessage
    const refused = decided({
      state: 'approval-responded',
      approval: { id: 'mcpr_1', approved: false, reason: 'no' },
    })
    expect(fromUiMessages([refused])).toEqual([
      request,
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: false, reason: 'no' },
    ])
    const call = {
      type: 'mcp_call',
      server_label: 'agent',
      name: 'pay',
      arguments: '{"n":1}',
      approval_request_id: 'mcpr_1',
    }
    expect(fromUiMessages([refused, user(text('And now?'))])[0]).toEqual({
      ...call,
      status: 'failed',
      output: null,
      error: 'The user refused the call: no',
    })
    expect(fromUiMessages([asked])[0]).toMatchObject({
      ...call,
      status: 'failed',
      error: 'The call was not answered.',
    })
    const paid = decided({
      state: 'output-available',
      output: 'paid',
      approval: { id: 'mcpr_1', approved: true },
      resultProviderMetadata: { antiphon: { type: 'mcp_call', id: 'mcp_7', server_label: 'agent' } },
    })
    expect(fromUiMessages([paid])).toEqual([
      { ...call, id: 'mcp_7', status: 'completed', output: 'paid', error: null },
    ])
  })
})

describe('the body of a chat request', () => {
  it('says in which message the answer goes on', async () => {
    const fresh = readChatRequest({ id: 'chat_1', messages: [user(text('Hello'))], own: 1 })
    expect(fresh).toMatchObject({ chatId: 'chat_1', stream: {}, body: { own: 1 } })
    const tool = { type: 'dynamic-tool', toolName: 'pay', input: {}, state: 'approval-responded' } as const
    const last = assistant(
      { ...tool, toolCallId: 'mcpr_1', approval: { id: 'mcpr_1', approved: true } },
      { ...tool, toolCallId: 'mcpr_2', approval: { id: 'mcpr_2', approved: false } },
    )
    expect(readChatRequest({ messages: [user(text('Hello')), last] }).stream).toEqual({
      messageId: 'a',
      knownCalls: ['mcpr_1', 'mcpr_2'],
      deniedCalls: ['mcpr_2'],
    })
  })

  it.each([
    [null, null],
    [[], null],
    [{}, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [user()] }, 'messages'],
    [{ messages: [null] }, 'messages[0].role'],
    [{ messages: [{ role: 'tool', parts: [] }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 'Hello' }] }, 'messages[0].parts'],
    [{ messages: [{ role: 'user', parts: [null] }] }, 'messages[0].parts[0].type'],
  ])('%j is refused, and told where', (body, param) => {
    expect(() => readChatRequest(body)).toThrow(
      expect.objectContaining({ status: 400, code: 'invalid_chat_request', param }),
    )
  })

  it('may hold wrong types everywhere without breaking', () => {
    const wrong = [null, 1, 'x', [], {}, true]
    const types = [
      'text',
      'file',
      'reasoning',
      'dynamic-tool',
      'tool-x',
      'steering-message',
      'data-antiphon-item',
      'source-url',
    ]
    const fields = [
      'text',
      'url',
      'mediaType',
      'toolCallId',
      'toolName',
      'state',
      'input',
      'output',
      'approval',
      'providerMetadata',
      'callProviderMetadata',
      'data',
      'parts',
      'providerReference',
    ]
    for (const type of types)
      for (const value of wrong) {
        const part = { ...Object.fromEntries(fields.map((field) => [field, value])), type }
        for (const role of ['user', 'assistant'])
          expect(Array.isArray(fromUiMessages([{ role, parts: [part] } as never]))).toBe(true)
      }
  })
})
