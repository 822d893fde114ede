import {
  createSender,
  type EndpointEnvironment,
  type InputItem,
  type ResponseRequest,
  resolveEndpoint,
  type Sender,
  type SenderOptions,
} from '@antiphon/client'
import { ConfigError } from '../../errors.ts'
import type { EventSink, Model, ModelContext } from '../../model.ts'
import { ChatBody } from './chat-body.ts'
import type { ChatDialect } from './chat-dialect.ts'
import { toChatTools } from './chat-tools.ts'
import type { ChatChunk } from './chat-types.ts'
import { fromChatAnswer } from './from-chat-answer.ts'
import { ChatStream } from './from-chat-stream.ts'
import { toChatParameters } from './to-chat-parameters.ts'

/** How to reach a Chat Completions endpoint, and what it is like. Retries, timeouts, headers and transport as for any endpoint. */
export interface ChatCompletionsOptions extends SenderOptions {
  /** Root of the API, such as `http://127.0.0.1:11434/v1`; `/chat/completions` is added. */
  readonly baseURL: string
  /** @defaultValue `OPENAI_API_KEY` for api.openai.com, `COMETAPI_KEY` for api.cometapi.com, none for any other host */
  readonly apiKey?: string
  /** Name of the model. */
  readonly model: string
  /** False asks for whole answers; their events are made from the whole. @defaultValue true */
  readonly stream?: boolean
  /** Ask for the usage of a stream by `stream_options`; false for servers that refuse it. @defaultValue true */
  readonly includeUsage?: boolean
  /** Role of the instructions, and of system and developer messages. @defaultValue `'system'`, which every server knows */
  readonly systemRole?: 'system' | 'developer'
  /** Name that `max_output_tokens` goes out by. @defaultValue `'max_completion_tokens'` for OpenAI, whose reasoning models refuse the other; else `'max_tokens'` */
  readonly maxTokensParameter?: 'max_tokens' | 'max_completion_tokens'
  /**
   * Send the model's earlier reasoning back, as `reasoning_content` or in the field named. DeepSeek and Moonshot demand it between tool calls,
   * older models refuse it. @defaultValue false
   */
  readonly replayReasoning?: boolean | 'reasoning_content' | 'reasoning'
  /** What happens to tools, and to items of the history, that only the provider of a Responses endpoint executes. @defaultValue 'refuse' */
  readonly hostedTools?: 'refuse' | 'drop'
  /** Take `<think>…</think>` at the start of the text as reasoning. @defaultValue true */
  readonly thinkTags?: boolean
  /** Where keys are read. @defaultValue `process.env` */
  readonly env?: EndpointEnvironment
}

const dialectOf = (options: ChatCompletionsOptions, isOpenAI: boolean): ChatDialect => {
  const { replayReasoning = false } = options
  return {
    systemRole: options.systemRole ?? 'system',
    maxTokensParameter: options.maxTokensParameter ?? (isOpenAI ? 'max_completion_tokens' : 'max_tokens'),
    reasoningField:
      replayReasoning === true
        ? 'reasoning_content'
        : replayReasoning === false
          ? undefined
          : replayReasoning,
    hostedTools: options.hostedTools ?? 'refuse',
  }
}

const senderOptions = (options: ChatCompletionsOptions): SenderOptions => {
  const {
    model: _model,
    stream: _stream,
    includeUsage: _usage,
    systemRole: _role,
    maxTokensParameter: _max,
    replayReasoning: _replay,
    hostedTools: _hosted,
    thinkTags: _tags,
    env: _env,
    ...sender
  } = options
  return sender
}

/**
 * A model behind `POST /chat/completions`: Ollama, llama.cpp, vLLM, LM Studio, DeepSeek, or any other endpoint of the older dialect.
 *
 * Requests and answers are translated, and the agent sees the events of a Responses endpoint. The dialect keeps no state and executes no tools:
 * `previous_response_id`, `conversation`, `background`, `store: true` and hosted tools are refused before anything is sent. `metadata` and reasoning
 * summaries have no counterpart and stay here. Parameters of no contract pass untouched.
 *
 * Nothing is connected and no key is read before the first call.
 *
 * @throws ConfigError `invalid_config` without `baseURL` or `model`. Calls reject with ParameterError `invalid_parameter`, the errors of the sender,
 * AntiphonError `stream_truncated` (retryable), `invalid_answer`, or `tool_calls_as_text`.
 */
export const chatCompletions = (options: ChatCompletionsOptions): Model => {
  const { model: named, baseURL, stream = true, includeUsage = true, thinkTags = true } = options
  required('model', named, "chatCompletions({ model: 'qwen3', baseURL: 'http://127.0.0.1:11434/v1' })")
  required('baseURL', baseURL, "chatCompletions({ model: 'qwen3', baseURL: 'http://127.0.0.1:11434/v1' })")
  let made: { readonly sender: Sender; readonly dialect: ChatDialect } | undefined
  const connect = (): { readonly sender: Sender; readonly dialect: ChatDialect } => {
    const { env = typeof process === 'object' ? process.env : {} } = options
    const endpoint = resolveEndpoint(options, env)
    const { baseURL: root, apiKey } = endpoint
    return {
      sender: createSender({ ...senderOptions(options), baseURL: root, apiKey }),
      dialect: dialectOf(options, endpoint.host === 'openai'),
    }
  }

  // One per run; a second call of the same run at the same time gets a body of its own.
  const bodies = new WeakMap<ModelContext, ChatBody>()
  const inUse = new WeakSet<ModelContext>()
  const bodyOf = (context: ModelContext): ChatBody => {
    if (inUse.has(context)) return new ChatBody()
    const body = bodies.get(context) ?? new ChatBody()
    bodies.set(context, body)
    inUse.add(context)
    return body
  }

  const send = async (request: ResponseRequest, sink: EventSink, context: ModelContext): Promise<void> => {
    made ??= connect()
    const { sender, dialect } = made
    const tools = toChatTools(request.tools, dialect.hostedTools)
    const parameters = toChatParameters(request, tools, dialect)
    if (stream) parameters.stream = true
    const streamOptions = { ...request.stream_options, ...(includeUsage ? { include_usage: true } : {}) }
    if (stream && Object.keys(streamOptions).length > 0) parameters.stream_options = streamOptions
    const { input = [], instructions } = request
    const items: readonly InputItem[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input
    const call = {
      method: 'POST',
      path: '/chat/completions',
      body: bodyOf(context).encode(items, instructions, parameters, dialect),
      onAbort: (cancel: (reason: Error) => void) => context.onAbort(cancel),
    }
    const chat = new ChatStream({
      request,
      tools,
      sink,
      thinkTags,
      errorOf: (event) => sender.errorOf(event),
    })
    if (stream)
      await sender.events(
        call,
        (chunk, end) => {
          chat.take(chunk as ChatChunk)
          if (chat.isComplete) end()
        },
        (whole) => chat.take(fromChatAnswer(whole)),
      )
    else chat.take(fromChatAnswer(await sender.json(call)))
    chat.end()
  }

  const answer = async (request: ResponseRequest, sink: EventSink, context: ModelContext): Promise<void> => {
    const first = !inUse.has(context)
    try {
      await send({ model: named, ...request }, sink, context)
    } finally {
      if (first) inUse.delete(context)
    }
  }
  return Object.assign(answer, {
    modelName: named,
    capabilities: { serverState: false, compact: false },
  })
}

const required = (name: string, value: unknown, example: string): void => {
  if (typeof value === 'string' && value.trim() !== '') return
  throw new ConfigError(
    'invalid_config',
    `Expected \`${name}\` of chatCompletions() to be given, as in ${example}.`,
  )
}
