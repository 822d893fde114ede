import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InputItem, OutputItem, Response, ResponseEvent } from '@antiphon/client'
import {
  AbstractChat,
  type ChatInit,
  type ChatState,
  type ChatStatus,
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  type UIMessage,
} from 'ai'
import { callItem, lifecycleEvents, messageItem } from 'antiphon/testing'
import { afterEach, describe, expect, it } from 'vitest'
import type { Call, FrameSink } from '../src/http/reply.ts'
import { ServeError } from '../src/request/serve-error.ts'
import { type ChatContext, chatHandler } from '../src/ui-messages/chat-handler.ts'
import type { ChatRequest } from '../src/ui-messages/chat-request.ts'

/** What `useChat` does, without React. */
class PlainState implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined
  messages: UIMessage[] = []
  pushMessage = (message: UIMessage): void => void this.messages.push(message)
  popMessage = (): void => void this.messages.pop()
  replaceMessage = (index: number, message: UIMessage): void => void this.messages.splice(index, 1, message)
  snapshot = <T>(thing: T): T => structuredClone(thing)
}
class PlainChat extends AbstractChat<UIMessage> {
  constructor(init: ChatInit<UIMessage>) {
    super({ ...init, state: new PlainState() })
  }
}

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

const sinkOf = (response: ServerResponse): FrameSink => ({
  write: (frames) => response.write(frames),
  end: () => void response.end(),
  onDrain: (fn) => void response.on('drain', fn),
  onClose: (fn) => void response.on('close', fn),
})

const callOf = (body: unknown): Call => ({
  method: 'POST',
  path: '/ui/chat',
  query: new URLSearchParams(),
  headers: new Headers(),
  params: {},
  principal: { tenant: 'acme' },
  json: () => Promise.resolve(body),
  body: () => (async function* () {})(),
  signal: new AbortController().signal,
  warn: () => {},
})

type Answer = (chat: ChatRequest, context: ChatContext) => AsyncIterable<ResponseEvent>

/** A server with the handler on it; `asked` is what the model would be given. */
const listen = async (answer: Answer) => {
  const asked: InputItem[][] = []
  const handle = chatHandler({
    answer: (chat, context) => {
      asked.push(chat.input)
      return answer(chat, context)
    },
  })
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    try {
      const reply = await handle(callOf(JSON.parse(body)))
      if (reply.kind !== 'stream') throw new Error('no stream')
      response.writeHead(200, reply.headers)
      const over = reply.open(sinkOf(response))
      response.on('close', () => over?.())
    } catch (error) {
      response.writeHead(error instanceof ServeError ? error.status : 500).end(String(error))
    }
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { asked, api: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ui/chat` }
}

const chatWith = (api: string, init: ChatInit<UIMessage> = {}): PlainChat =>
  new PlainChat({ ...init, transport: new DefaultChatTransport({ api }) })

let responses = 0
const respond = async function* (...output: unknown[]): AsyncGenerator<ResponseEvent> {
  const response: Response = {
    id: `resp_${++responses}`,
    object: 'response',
    created_at: 0,
    model: 'm',
    status: 'completed',
    output: output as OutputItem[],
  }
  yield* lifecycleEvents(response)
}

describe('a chat of useChat', () => {
  it('sends the whole chat each time, and reads the answers', async () => {
    const { api, asked } = await listen(({ input }) =>
      respond(messageItem(`Answer to ${input.length} items.`)),
    )
    const chat = chatWith(api)
    await chat.sendMessage({ text: 'One' })
    await chat.sendMessage({ text: 'Two' })
    expect(chat.error).toBeUndefined()
    expect(chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(chat.lastMessage?.parts.at(-1)).toMatchObject({ text: 'Answer to 3 items.' })
    expect(asked[1]).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'Answer to 1 items.' },
      { role: 'user' },
    ])
  })

  it('answers function calls on the page, and goes on in the same message', async () => {
    const { api, asked } = await listen(({ input }) =>
      input.length === 1 ? respond(callItem('location')) : respond(messageItem('You are in Oslo.')),
    )
    const calls: unknown[] = []
    const chat = chatWith(api, {
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
      onToolCall: ({ toolCall }) => {
        calls.push(toolCall.toolName)
        void chat.addToolOutput({
          tool: 'location',
          toolCallId: toolCall.toolCallId,
          output: { city: 'Oslo' },
        })
      },
    })
    await chat.sendMessage({ text: 'Where am I?' })
    await expect
      .poll(() => chat.lastMessage?.parts.at(-1))
      .toMatchObject({ type: 'text', text: 'You are in Oslo.' })
    expect(calls).toEqual(['location'])
    expect(chat.messages).toHaveLength(2)
    expect(asked[1]?.slice(1)).toEqual([
      { type: 'function_call', call_id: 'call_1', name: 'location', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: '{"city":"Oslo"}' },
    ])
  })

  it.each([true, false])('asks for approval, and takes %s for an answer', async (approved) => {
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 'agent',
      name: 'pay',
      arguments: '{"n":1}',
    }
    const call = {
      ...request,
      type: 'mcp_call',
      id: 'mcp_1',
      output: 'paid',
      status: 'completed',
      approval_request_id: 'mcpr_1',
    }
    const { api, asked } = await listen(() => {
      if (asked.length === 1) return respond(request)
      return asked.length === 2 && approved
        ? respond(call, messageItem('Done.'))
        : respond(messageItem('Well.'))
    })
    const chat = chatWith(api, { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses })
    await chat.sendMessage({ text: 'Pay!' })
    expect(chat.lastMessage?.parts.at(-1)).toMatchObject({
      type: 'dynamic-tool',
      state: 'approval-requested',
    })
    await chat.addToolApprovalResponse({ id: 'mcpr_1', approved })
    await expect
      .poll(() => chat.lastMessage?.parts.at(-1))
      .toMatchObject({ text: approved ? 'Done.' : 'Well.' })
    await expect.poll(() => chat.status).toBe('ready')
    expect(chat.messages).toHaveLength(2)
    expect(chat.lastMessage?.parts.filter(({ type }) => type === 'dynamic-tool')).toMatchObject([
      approved ? { state: 'output-available', output: 'paid' } : { state: 'output-denied' },
    ])
    expect(asked[1]?.slice(1)).toEqual([
      request,
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: approved },
    ])
    await chat.sendMessage({ text: 'And?' })
    const told = asked[2]?.filter((item) => item.type?.startsWith('mcp'))
    expect(told).toMatchObject([
      approved ? { type: 'mcp_call', id: 'mcp_1', output: 'paid' } : { type: 'mcp_call', status: 'failed' },
    ])
  })

  it('is told of errors, before the stream and in it', async () => {
    const { api } = await listen(({ input }) => {
      if (input.length === 1) throw new ServeError(429, { message: 'Too many.', type: 'rate_limit_error' })
      return (async function* () {
        yield* []
        throw new Error('secret reason')
      })()
    })
    const errors: string[] = []
    const chat = chatWith(api, { onError: (error) => void errors.push(error.message) })
    await chat.sendMessage({ text: 'One' })
    await chat.sendMessage({ text: 'Two' })
    expect(errors).toEqual([expect.stringContaining('Too many.'), 'The answer could not be finished.'])
  })

  it('stops the answer when the page stops', async () => {
    let stopped: (() => void) | undefined
    const isStopped = new Promise<void>((done) => {
      stopped = done
    })
    const { api } = await listen(async function* (_chat, { signal, principal }) {
      expect(principal).toEqual({ tenant: 'acme' })
      for await (const event of respond(messageItem('Hello'))) {
        yield event
        if (event.type === 'response.output_text.delta') break
      }
      await new Promise<void>((done) => signal.addEventListener('abort', () => done()))
      stopped?.()
    })
    const chat = chatWith(api)
    const sent = chat.sendMessage({ text: 'Hi' })
    await expect.poll(() => chat.lastMessage?.parts.at(-1)).toMatchObject({ text: 'Hello' })
    await chat.stop()
    await sent
    await isStopped
  })

  it('gets no more than it reads', async () => {
    let made = 0
    const handle = chatHandler({
      answer: async function* () {
        for await (const event of respond(messageItem('one two three'))) {
          made++
          yield event
        }
      },
    })
    const reply = await handle(
      callOf({ messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }] }),
    )
    const frames: string[] = []
    let onDrain: (() => void) | undefined
    let isFull = true
    const ended = new Promise<void>((done) => {
      const sink: FrameSink = {
        write: (text) => {
          frames.push(text)
          return !isFull
        },
        end: done,
        onDrain: (fn) => {
          onDrain = fn
        },
        onClose: () => {},
      }
      if (reply.kind === 'stream') reply.open(sink)
    })
    for (let reads = 1; reads <= 3; reads++) {
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      expect(frames).toHaveLength(reads)
      // The first event makes two chunks, the next ones tell nothing or one.
      expect(made).toBeLessThan(6)
      if (reads === 3) isFull = false
      onDrain?.()
    }
    await ended
    expect(frames.at(-1)).toBe('data: [DONE]\n\n')
  })
})
