import { type EndpointEnvironment, resolveEndpoint } from './environment.ts'
import { keepShapes } from './kept-shapes.ts'
import { type Conversations, createConversations } from './resources/conversations.ts'
import { createResponses, type Responses } from './resources/responses.ts'
import type { SenderOptions } from './send/call.ts'
import { createSender, type Sender } from './send.ts'

/** Options of {@link createClient}; every one has a default. */
export interface ClientOptions extends Omit<SenderOptions, 'baseURL'> {
  /** Root of the API. @defaultValue from the environment, see {@link resolveEndpoint} */
  readonly baseURL?: string
  /**
   * Send a request once more without a parameter that the model does not take.
   *
   * See {@link CreateOptions.dropUnsupported} for when it fires. @defaultValue false
   */
  readonly dropUnsupported?: boolean
  /** Where `COMETAPI_KEY` and its like are read. @defaultValue `process.env` */
  readonly env?: EndpointEnvironment
}

/** A client of one endpoint. Holds no key that could be inspected. */
export interface Client {
  readonly responses: Responses
  readonly conversations: Conversations
}

/**
 * Makes a client of the Responses API.
 *
 * Without options it calls CometAPI with `COMETAPI_KEY`, else OpenAI with `OPENAI_API_KEY`; any other endpoint by `baseURL`.
 * Opens no connection; the endpoint is resolved at the first call, which fails with `missing_api_key` or `invalid_base_url`
 * when that is not possible.
 */
export function createClient(options: ClientOptions = {}): Client {
  const { dropUnsupported = false } = options
  let made: Sender | undefined
  const sender = (): Sender => {
    made ??= makeSender(options)
    return made
  }
  return {
    responses: createResponses({ sender, dropUnsupported }),
    conversations: createConversations(sender),
  }
}

function makeSender({ env = processEnv(), dropUnsupported: _, ...options }: ClientOptions): Sender {
  const { baseURL, apiKey } = resolveEndpoint(options, env)
  keepShapes((transport) => createSender({ baseURL: 'http://localhost', transport }))
  return createSender({ ...options, baseURL, apiKey })
}

/** Absent in browsers and workers. */
const processEnv = (): EndpointEnvironment => (typeof process === 'object' ? process.env : {})
