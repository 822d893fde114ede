import {
  type Client,
  type ClientOptions,
  type CompactRequest,
  createClient,
  isAntiphonError,
  type ResponseRequest,
} from '@antiphon/client'
import { ConfigError } from '../errors.ts'
import type { EncodedInput, EventSink, Model, ModelContext } from '../model.ts'
import { encodeRest } from './encode-rest.ts'
import { withoutReasoning } from './without-reasoning.ts'

/** How to reach a Responses endpoint. Everything of `createClient`, and: */
export interface ResponsesOptions extends ClientOptions {
  /** Name of the model. */
  readonly model?: string
  /** False asks for whole answers; their events are made from the whole. @defaultValue true */
  readonly stream?: boolean
  /** Types of built-in tools that the endpoint executes itself, such as `['web_search']`: built-in tools with `runs: 'auto'` are left to it. @defaultValue none */
  readonly hostedTools?: readonly string[]
  /** A client of yours, in the place of one made from these options. */
  readonly client?: Client
}

/**
 * A model behind `POST /v1/responses`: CometAPI by `COMETAPI_KEY`, else OpenAI by `OPENAI_API_KEY`, or any endpoint by `baseURL`.
 *
 * Nothing is connected and no key is read before the first call.
 *
 * @throws ConfigError `invalid_config` when no model is named.
 */
export const responses = (model: string | ResponsesOptions, options: ResponsesOptions = {}): Model => {
  const {
    model: named,
    stream = true,
    client: given,
    hostedTools,
    ...clientOptions
  } = typeof model === 'string' ? { ...options, model } : model
  if (typeof named !== 'string' || named === '')
    throw new ConfigError(
      'invalid_config',
      "Expected `responses()` to be given the name of a model, as in responses('gpt-5.4').",
    )
  const client = given ?? createClient(clientOptions)
  // Runs whose reasoning items this endpoint has refused: they belong to another key, region or model.
  const foreignReasoning = new WeakSet<ModelContext>()

  const send = (request: ResponseRequest, sink: EventSink, context: ModelContext): Promise<void> => {
    const full = { model: named, ...request, stream }
    const bytes = encodedInput(request, context)?.body(encodeRest(full))
    return client.responses.push(full, sink, {
      onAbort: (cancel) => context.onAbort(cancel),
      ...(bytes === undefined ? {} : { body: bytes }),
    })
  }

  const answer = async (request: ResponseRequest, sink: EventSink, context: ModelContext): Promise<void> => {
    if (foreignReasoning.has(context)) return send(withoutReasoning(request), sink, context)
    try {
      await send(request, sink, context)
    } catch (error) {
      if (!isAntiphonError(error) || (error as { apiCode?: string }).apiCode !== 'invalid_encrypted_content')
        throw error
      foreignReasoning.add(context)
      await send(withoutReasoning(request), sink, context)
    }
  }
  return Object.assign(answer, {
    modelName: named,
    ...(hostedTools === undefined ? {} : { capabilities: { hostedTools } }),
    compact: async (request: ResponseRequest, context: ModelContext): Promise<readonly unknown[]> => {
      const { instructions } = request
      const { output, usage } = await client.responses.compact(
        { model: request.model ?? named, input: wireInput(request, context), instructions } as CompactRequest,
        { signal: context.signal },
      )
      context.bookUsage?.(usage, named)
      return output
    },
  })
}

/** The input as it is written for the wire, for a call that takes no bytes. */
const wireInput = (request: ResponseRequest, context: ModelContext): unknown => {
  const encoded = encodedInput(request, context)
  if (encoded === undefined) return request.input
  return (JSON.parse(Buffer.from(encoded.body('{"model":null}')).toString()) as { input: unknown }).input
}

/** The bytes of the input: those of the history, or of the list that stands in its place. Undefined outside a run, where the request is sent as it is. */
const encodedInput = ({ input }: ResponseRequest, context: ModelContext): EncodedInput | undefined => {
  if (!Array.isArray(input)) return undefined
  return context.input?.items === input ? context.input : context.encode?.(input)
}
