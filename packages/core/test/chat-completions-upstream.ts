import { accumulate, type Response, type ResponseEvent, type ResponseRequest } from '@antiphon/client'
import { type ChatCompletionsOptions, chatCompletions, type Model, type ModelContext } from 'antiphon'
import {
  type FakeUpstreamOptions,
  fakeUpstream,
  type UpstreamAnswer,
  type UpstreamRequest,
} from 'antiphon/testing'

/** The head that every chunk repeats. */
export const HEAD = {
  id: 'chatcmpl-abc123',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'qwen3',
}

/** A chunk with one choice. */
export const chunk = (delta: object, finish_reason: string | null = null) => ({
  ...HEAD,
  choices: [{ index: 0, delta, finish_reason }],
})

/** The last chunk of a stream that was asked for its usage. */
export const usageChunk = (usage: object) => ({ ...HEAD, choices: [], usage })

/** What came of one call. */
export interface Asked {
  readonly events: ResponseEvent[]
  readonly response: Response
}

const contextOf = (onAbort: ModelContext['onAbort'] = () => undefined): ModelContext => ({
  onAbort,
  signal: new AbortController().signal,
})

/** Calls a model and folds its events; rejects as the model does. */
export const ask = async (
  model: Model,
  request: ResponseRequest | Record<string, unknown> = { input: 'Hi' },
  onAbort?: ModelContext['onAbort'],
): Promise<Asked> => {
  const events: ResponseEvent[] = []
  await model(request as ResponseRequest, (event) => void events.push(event), contextOf(onAbort))
  return { events, response: accumulate(events) }
}

/** One call against a real server on loopback. */
export const askUpstream = async (
  answer: UpstreamAnswer,
  request?: ResponseRequest | Record<string, unknown>,
  options: Partial<ChatCompletionsOptions> = {},
  upstreamOptions: FakeUpstreamOptions = {},
): Promise<Asked & { readonly sent: UpstreamRequest }> => {
  await using upstream = await fakeUpstream({ answers: [answer], ...upstreamOptions })
  const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3', retries: 0, env: {}, ...options })
  const asked = await ask(model, request)
  return { ...asked, sent: upstream.requests[0] as UpstreamRequest }
}

/** The type of every event, a run of the same one shown once. */
export const kinds = (events: readonly ResponseEvent[]): string[] =>
  events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])
