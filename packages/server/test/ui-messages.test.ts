import { eventsOf, type OutputItem, type Response, type ResponseEvent } from '@antiphon/client'
import {
  parseJsonEventStream,
  readUIMessageStream,
  safeValidateUIMessages,
  UI_MESSAGE_STREAM_HEADERS as THEIR_HEADERS,
  type UIMessage,
  uiMessageChunkSchema,
} from 'ai'
import {
  callItem,
  callOutputItem,
  lifecycleEvents,
  messageItem,
  reasoningItem,
  refusalItem,
} from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UiChunk } from '../src/ui-messages/ui-chunk.ts'
import {
  toUiMessageChunks,
  UI_MESSAGE_STREAM_HEADERS,
  type UiMessageStreamOptions,
  uiMessageStream,
} from '../src/ui-messages/ui-message-stream.ts'

const response = (output: unknown[], more: Partial<Response> = {}): Response => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000,
  model: 'some-model',
  status: 'completed',
  output: output as OutputItem[],
  usage: {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 15,
  },
  ...more,
})

const events = async function* (all: Iterable<ResponseEvent>): AsyncGenerator<ResponseEvent> {
  yield* all
}

const chunksOf = async (all: ResponseEvent[], options?: UiMessageStreamOptions): Promise<UiChunk[]> => {
  const chunks: UiChunk[] = []
  for await (const chunk of toUiMessageChunks(events(all), options)) chunks.push(chunk)
  return chunks
}

/** As `useChat` reads it: the AI SDK's parser, its schema of chunks, its fold. */
const readAsPage = async (all: ResponseEvent[], options?: UiMessageStreamOptions, message?: UIMessage) => {
  const errors: unknown[] = []
  const parsed = parseJsonEventStream({
    stream: uiMessageStream(events(all), options),
    schema: uiMessageChunkSchema,
  })
  const stream = parsed.pipeThrough(
    new TransformStream({
      transform: (chunk, controller) => {
        if (!chunk.success) throw chunk.error
        controller.enqueue(chunk.value)
      },
    }),
  )
  let last: UIMessage | undefined
  for await (const next of readUIMessageStream({ stream, message, onError: (error) => errors.push(error) }))
    last = next
  if (last === undefined) throw new Error('no message came')
  const valid = await safeValidateUIMessages({ messages: [last] })
  expect(valid.success ? '' : valid.error).toBe('')
  return { message: last, errors }
}

/** What the page does when the user decides. */
const decided = (message: UIMessage, approved: boolean): UIMessage => ({
  ...message,
  parts: message.parts.map((part) =>
    part.type === 'dynamic-tool' && part.state === 'approval-requested'
      ? { ...part, state: 'approval-responded', approval: { ...part.approval, approved } }
      : part,
  ),
})

const mcpCall = (more: object = {}) => ({
  type: 'mcp_call',
  id: 'mcp_1',
  server_label: 'agent',
  name: 'lookup',
  arguments: '{"q":"x"}',
  output: 'found',
  error: null,
  status: 'completed',
  ...more,
})

describe('a UI message stream', () => {
  it('has the headers of the AI SDK', () => {
    expect(UI_MESSAGE_STREAM_HEADERS['x-vercel-ai-ui-message-stream']).toBe('v1')
    expect(UI_MESSAGE_STREAM_HEADERS['x-vercel-ai-ui-message-stream']).toBe(
      THEIR_HEADERS['x-vercel-ai-ui-message-stream'],
    )
    expect(UI_MESSAGE_STREAM_HEADERS['content-type']).toMatch(/^text\/event-stream/)
  })

  it('ends with [DONE], each chunk in one frame', async () => {
    const text = await new globalThis.Response(uiMessageStream(events(lifecycleEvents(response([]))))).text()
    const frames = text.split('\n\n')
    expect(frames.splice(-2)).toEqual(['data: [DONE]', ''])
    for (const frame of frames) expect(JSON.parse(frame.replace(/^data: /, ''))).toHaveProperty('type')
  })

  it('streams text word by word, and tells what it cost', async () => {
    const all = lifecycleEvents(response([messageItem('Hello dear world.')]))
    const chunks = await chunksOf(all)
    expect(chunks.map(({ type }) => type)).toEqual([
      'start',
      'start-step',
      'text-start',
      'text-delta',
      'text-delta',
      'text-delta',
      'text-end',
      'finish-step',
      'finish',
    ])
    expect(chunks.at(-1)).toMatchObject({ finishReason: 'stop' })
    const { message, errors } = await readAsPage(all)
    expect(errors).toEqual([])
    expect(message.id).toBe('resp_1')
    expect(message.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'text', text: 'Hello dear world.', state: 'done' },
    ])
    expect(message.metadata).toEqual({
      responseId: 'resp_1',
      model: 'some-model',
      createdAt: 1_700_000_000,
      status: 'completed',
      usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15, reasoningTokens: 2, cachedInputTokens: 4 },
    })
  })

  it('shows reasoning and refusals', async () => {
    const thinking = {
      ...reasoningItem({ summary: 'First.', encryptedContent: 'secret' }),
      summary: [
        { type: 'summary_text', text: 'First.' },
        { type: 'summary_text', text: 'Second.' },
      ],
      content: [{ type: 'reasoning_text', text: 'Raw.' }],
    }
    const { message, errors } = await readAsPage(lifecycleEvents(response([thinking, refusalItem('No.')])))
    expect(errors).toEqual([])
    expect(message.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'reasoning', text: 'First.', state: 'done' },
      { type: 'reasoning', text: 'Second.', state: 'done' },
      {
        type: 'reasoning',
        text: 'Raw.',
        providerMetadata: { antiphon: { id: 'rs_1', encrypted_content: 'secret' } },
      },
      { type: 'text', text: 'No.', providerMetadata: { antiphon: { refusal: true } } },
    ])
  })

  it('leaves function calls to the page, with their input while it comes', async () => {
    const all = lifecycleEvents(
      response([callItem('weather', { city: 'Oslo' }), callItem('time', '', 'call_2')]),
    )
    const chunks = await chunksOf(all)
    expect(chunks.filter(({ type }) => type === 'tool-input-delta').length).toBeGreaterThan(1)
    expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'tool-calls' })
    const { message, errors } = await readAsPage(all)
    expect(errors).toEqual([])
    expect(message.parts.slice(1)).toMatchObject([
      { type: 'tool-weather', toolCallId: 'call_1', state: 'input-available', input: { city: 'Oslo' } },
      { type: 'tool-time', input: {} },
    ])
    expect(message.parts[1]).not.toHaveProperty('providerExecuted', true)
  })

  it('shows arguments that are no JSON as an error of the call', async () => {
    const { message } = await readAsPage(lifecycleEvents(response([callItem('weather', '{"city":')])))
    expect(message.parts[1]).toMatchObject({ type: 'tool-weather', state: 'output-error', input: '{"city":' })
  })

  it('shows custom tools with text as input', async () => {
    const call = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_9', name: 'sql', input: 'SELECT 1' }
    const { message, errors } = await readAsPage(lifecycleEvents(response([call])))
    expect(errors).toEqual([])
    expect(message.parts[1]).toMatchObject({ type: 'tool-sql', state: 'input-available', input: 'SELECT 1' })
  })

  it('shows calls on the server with their outputs', async () => {
    const output = [
      mcpCall(),
      mcpCall({ id: 'mcp_2', output: null, error: { type: 'http_error', code: 500, message: 'down' } }),
      mcpCall({ id: 'mcp_3', output: null, status: 'failed' }),
      messageItem('Done.'),
    ]
    for (const all of [lifecycleEvents(response(output)), eventsOf(response(output))]) {
      const { message, errors } = await readAsPage(all)
      expect(errors).toEqual([])
      expect(message.parts.slice(1)).toMatchObject([
        {
          type: 'dynamic-tool',
          toolName: 'lookup',
          toolCallId: 'mcp_1',
          providerExecuted: true,
          state: 'output-available',
          input: { q: 'x' },
          output: 'found',
        },
        { state: 'output-error', errorText: 'down' },
        { state: 'output-error', errorText: 'The call did not finish.' },
        { type: 'text', text: 'Done.' },
      ])
      expect((await chunksOf(all)).at(-1)).toMatchObject({ finishReason: 'stop' })
    }
  })

  it('joins outputs of functions that ran on the server to their calls', async () => {
    const output = [
      callItem('weather', {}),
      callOutputItem('call_1', 'sunny'),
      callOutputItem('call_else', 'x'),
    ]
    const all = lifecycleEvents(response(output))
    const { message, errors } = await readAsPage(all)
    expect(errors).toEqual([])
    expect(message.parts.slice(1)).toMatchObject([
      { type: 'tool-weather', state: 'output-available', output: 'sunny' },
      { type: 'data-antiphon-item', data: { call_id: 'call_else' } },
    ])
    expect((await chunksOf(all)).at(-1)).toMatchObject({ finishReason: 'stop' })
  })

  it('asks for approval, and goes on in the same part when it was given', async () => {
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 'agent',
      name: 'pay',
      arguments: '{"n":1}',
    }
    const asked = await readAsPage(lifecycleEvents(response([request])))
    expect(asked.errors).toEqual([])
    expect(asked.message.parts[1]).toMatchObject({
      type: 'dynamic-tool',
      toolCallId: 'mcpr_1',
      state: 'approval-requested',
      approval: { id: 'mcpr_1' },
      input: { n: 1 },
    })
    const call = mcpCall({ name: 'pay', approval_request_id: 'mcpr_1', output: 'paid' })
    const all = lifecycleEvents(response([call, messageItem('Paid.')], { id: 'resp_2' }))
    const options = { messageId: 'resp_1', knownCalls: ['mcpr_1'] }
    const { message, errors } = await readAsPage(all, options, decided(asked.message, true))
    expect(errors).toEqual([])
    expect(message.id).toBe('resp_1')
    expect(message.parts.filter(({ type }) => type === 'dynamic-tool')).toMatchObject([
      { toolCallId: 'mcpr_1', state: 'output-available', output: 'paid', input: { n: 1 } },
    ])
    // A page that does not know the request sees a call like any other.
    const fresh = await readAsPage(all)
    expect(fresh.errors).toEqual([])
    expect(fresh.message.parts[1]).toMatchObject({ toolCallId: 'mcpr_1', state: 'output-available' })
  })

  it('marks what the user has refused', async () => {
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 'agent',
      name: 'pay',
      arguments: '{}',
    }
    const asked = await readAsPage(lifecycleEvents(response([request])))
    const options = { messageId: 'resp_1', knownCalls: ['mcpr_1'], deniedCalls: ['mcpr_1'] }
    const { message } = await readAsPage(
      lifecycleEvents(response([messageItem('Fine.')])),
      options,
      decided(asked.message, false),
    )
    expect(message.parts[1]).toMatchObject({ toolCallId: 'mcpr_1', state: 'output-denied' })
  })

  it('gives sources once each', async () => {
    const text = messageItem('See there.')
    const web = {
      type: 'url_citation',
      url: 'https://example.com',
      title: 'Example',
      start_index: 0,
      end_index: 3,
    }
    const file = { type: 'file_citation', file_id: 'file_1', filename: 'a.txt', index: 0 }
    Object.assign(text.content[0] as object, { annotations: [web, file] })
    const all = lifecycleEvents(response([text]))
    const at = all.findIndex(({ type }) => type === 'response.output_text.done')
    const added = {
      type: 'response.output_text.annotation.added',
      output_index: 0,
      content_index: 0,
      annotation_index: 0,
    }
    all.splice(at, 0, { ...added, item_id: 'msg_1', annotation: web } as ResponseEvent)
    const { message, errors } = await readAsPage(all)
    expect(errors).toEqual([])
    expect(message.parts.filter(({ type }) => type.startsWith('source'))).toMatchObject([
      { type: 'source-url', url: 'https://example.com', title: 'Example' },
      { type: 'source-document', title: 'a.txt', filename: 'a.txt' },
    ])
  })

  it('shows hosted calls, a picture as a file, and keeps other items', async () => {
    const output = [
      {
        type: 'web_search_call',
        id: 'ws_1',
        status: 'completed',
        action: { type: 'search', query: 'q' },
        results: [1],
      },
      { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'AAAA' },
      { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 'agent', tools: [] },
      { type: 'compaction', id: 'cmp_1', encrypted_content: 'x' },
    ]
    const { message, errors } = await readAsPage(lifecycleEvents(response(output)))
    expect(errors).toEqual([])
    expect(message.parts.slice(1)).toMatchObject([
      {
        toolName: 'web_search',
        state: 'output-available',
        input: { action: { query: 'q' } },
        output: { results: [1] },
      },
      { toolName: 'image_generation', state: 'output-available' },
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA' },
      { type: 'data-antiphon-item', data: { type: 'compaction' } },
    ])
  })

  it('tells what a server told only at the end', async () => {
    const all = lifecycleEvents(response([reasoningItem(), messageItem('Hello.'), mcpCall()]))
    const without = (...types: RegExp[]) => all.filter(({ type }) => !types.some((one) => one.test(type)))
    const whole = (await readAsPage(all)).message
    for (const fewer of [
      without(/delta$/),
      without(/delta$/, /part/, /text\.done$/),
      without(/^response\.(output_item|content_part|output_text|reasoning)/),
      without(/created|in_progress/),
    ]) {
      const { message, errors } = await readAsPage(fewer)
      expect(errors).toEqual([])
      expect(message.parts).toEqual(whole.parts)
    }
  })

  it.each([
    ['length', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }],
    ['content-filter', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
    ['other', { status: 'incomplete', incomplete_details: { reason: 'max_turns' } }],
  ] as const)('finishes with %s', async (finishReason, more) => {
    const chunks = await chunksOf(lifecycleEvents(response([messageItem('He')], more)))
    expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason })
  })

  it('tells one error of a failed response, and ends what is open', async () => {
    const failed = response([], { status: 'failed', error: { code: 'server_error', message: 'It broke.' } })
    const begun = lifecycleEvents(response([messageItem('Hello')])).slice(0, 5)
    const error = {
      type: 'error',
      error: { type: 'server_error', code: null, message: 'It broke.', param: null },
    }
    const last = { type: 'response.failed', response: failed }
    for (const tail of [[error, last], [last], [{ type: 'error', message: 'It broke.' }]]) {
      const all = [...begun, ...(tail as ResponseEvent[])]
      const types = (await chunksOf(all)).map(({ type }) => type)
      expect(types.slice(-5)).toEqual(['text-delta', 'text-end', 'error', 'finish-step', 'finish'])
      const { message, errors } = await readAsPage(all)
      expect(errors.map(String)).toEqual(['Error: It broke.'])
      expect(message.parts[1]).toMatchObject({ text: 'Hello', state: 'done' })
    }
  })

  it('tells of a cancelled response, a broken stream, and one that ended too early', async () => {
    const begun = lifecycleEvents(response([callItem('weather', { city: 'Oslo' })])).slice(0, 4)
    const cancelled = {
      type: 'response.cancelled',
      response: response([], { status: 'cancelled' }),
    } as ResponseEvent
    expect((await chunksOf([...begun, cancelled])).at(-1)).toMatchObject({ type: 'abort' })
    const early = await chunksOf(begun)
    expect(early.slice(-4).map(({ type }) => type)).toEqual([
      'tool-input-error',
      'error',
      'finish-step',
      'finish',
    ])
    const broken = async function* (): AsyncGenerator<ResponseEvent> {
      yield* begun
      throw new Error('password: 123')
    }
    const chunks: UiChunk[] = []
    for await (const chunk of toUiMessageChunks(broken())) chunks.push(chunk)
    expect(JSON.stringify(chunks)).not.toContain('password')
    const onError = (error: unknown): string => {
      if (String(error).includes('password')) throw new Error('broken hook')
      return 'unused'
    }
    const again: UiChunk[] = []
    for await (const chunk of toUiMessageChunks(broken(), { onError })) again.push(chunk)
    expect(again).toEqual(chunks)
    expect(chunks.find(({ type }) => type === 'error')).toEqual({
      type: 'error',
      errorText: 'The answer could not be finished.',
    })
  })

  it('ends the events when the page goes', async () => {
    let isEnded = false
    const endless = async function* (): AsyncGenerator<ResponseEvent> {
      try {
        yield* lifecycleEvents(response([messageItem('Hello')])).slice(0, 4)
        for (;;)
          yield {
            type: 'response.output_text.delta',
            output_index: 0,
            content_index: 0,
            item_id: 'm',
            delta: 'x',
          }
      } finally {
        isEnded = true
      }
    }
    const reader = uiMessageStream(endless()).getReader()
    await reader.read()
    await reader.cancel()
    expect(isEnded).toBe(true)
  })

  it('is taken by the AI SDK whatever the items are and wherever it ends', () => {
    const anyText = fc.string({ maxLength: 30 })
    const item = fc.oneof(
      anyText.map((text) => messageItem(text)),
      anyText.map((text) => refusalItem(text)),
      anyText.map((summary) => reasoningItem({ summary })),
      fc.jsonValue().map((value) => callItem('weather', value)),
      anyText.map((text) => callItem('weather', text)),
      anyText.map((output) => mcpCall({ output, arguments: output })),
      fc.constant({
        type: 'web_search_call',
        id: 'ws',
        status: 'completed',
        action: { type: 'search', query: 'q' },
      }),
      fc.constant({ type: 'acme:thing', id: 'x' }),
    )
    const output = fc.array(item, { maxLength: 5 }).map((items) =>
      items.map((one, index) => ({
        ...one,
        id: `id_${index}`,
        ...('call_id' in one ? { call_id: `call_${index}` } : {}),
      })),
    )
    return fc.assert(
      fc.asyncProperty(output, fc.nat(), async (items, cut) => {
        const all = lifecycleEvents(response(items))
        const { errors } = await readAsPage(all)
        expect(errors).toEqual([])
        const ended = await readAsPage(all.slice(0, 1 + (cut % (all.length - 1))))
        expect(ended.errors.map(String)).toEqual(['Error: The stream ended before the response did.'])
        for (const part of ended.message.parts)
          expect(String((part as { state?: unknown }).state)).not.toContain('streaming')
      }),
      { numRuns: 60 },
    )
  })
})
