import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Response as WireResponse } from '@antiphon/client'
import { type Agent, agent, type BuiltInTool, ConfigError, type Model } from 'antiphon'
import { agentUpstream } from './agents/agent-upstream.ts'
import { ownBuiltIns } from './agents/built-in-tools.ts'
import { fileBounds } from './files/file-options.ts'
import { createFetchHandler, type FetchHandler } from './http/fetch-handler.ts'
import type { HttpOptions } from './http/http-options.ts'
import { createNodeHandler } from './http/node-handler.ts'
import { createNodeServer, type NodeServer } from './http/node-server.ts'
import { createStreams, shutAll } from './http/streams.ts'
import { openState, type ServerState } from './open-state.ts'
import { answerSocket } from './responses/answer-socket.ts'
import { HistoryHeads } from './responses/history-heads.ts'
import { type Keeper, startKeeper } from './responses/keeper.ts'
import type { Responder } from './responses/responder.ts'
import { Turnstile } from './responses/turnstile.ts'
import { routesOf } from './routes.ts'
import type { Served, ServeOptions } from './serve-options.ts'
import { createApiKeys } from './tenants/api-keys.ts'
import { createLimiter } from './tenants/limits.ts'
import { withCheckedOutput } from './upstream/checked-output.ts'
import { modelUpstream } from './upstream/model-upstream.ts'
import type { Upstream } from './upstream/upstream.ts'
import { withBuiltIns } from './upstream/with-built-ins.ts'
import { webhookTypeOf } from './webhooks/webhook-event.ts'
import { createWebhooks, type Webhooks } from './webhooks/webhooks.ts'

/** A server of models and agents. It opens its store at the first request, or when it listens. */
export interface Server {
  /** Names of the models that it answers for. */
  readonly models: readonly string[]
  /** For everything that speaks `Request` and `Response`: Hono, Next, Bun, Deno. */
  readonly fetch: FetchHandler
  /** For a Node server that is there already, such as Express: events go straight to the socket. */
  readonly nodeHandler: (request: IncomingMessage, response: ServerResponse) => void
  /**
   * Listens by itself. Port 0 takes a free one.
   *
   * @throws ConfigError `invalid_config` for a host that other machines reach when there are no keys; what the system says of a port that is taken.
   */
  listen(port?: number, host?: string): Promise<{ readonly url: string; readonly port: number }>
  /** Takes nothing more, lets go of what goes on (background responses go on when a server opens the store again) and closes what it has opened. */
  close(): Promise<void>
}

const DAY_MS = 86_400_000

/**
 * Serves a model, an agent or several of them, by their names, as `/v1/responses` with everything around it: stored responses, conversations, background, resumed streams.
 *
 * @throws ConfigError `invalid_config` for keys, limits or names that cannot be.
 */
export const serve = (
  served: Served | Readonly<Record<string, Served>>,
  options: ServeOptions = {},
): Server => {
  const upstreams = upstreamsOf(served, options.tools ?? [])
  const tools = carriedTools(served, options.tools ?? [])
  const [fallback] = upstreams.values()
  if (fallback === undefined) throw new ConfigError('invalid_config', 'serve() was given nothing to serve.')
  const onError = options.onError ?? tellStandardError
  const keys = createApiKeys({
    ...(options.keys === undefined ? {} : { keys: options.keys }),
    onError: (error) => onError(error, {}),
  })
  const limiter = createLimiter(options.limits === undefined ? {} : { limits: options.limits })
  const webhooks =
    options.webhook === undefined
      ? undefined
      : createWebhooks({
          onGiveUp: ({ tenant, event, message }) =>
            onError(new Error(`A webhook did not arrive: ${message}`), { tenant, responseId: event.data.id }),
          ...options.webhook,
        })
  let opened: Promise<Opened> | undefined
  const open = (): Promise<Opened> => {
    opened ??= openResponder({ upstreams, fallback, tools }, options, onError, webhooks)
    return opened
  }
  const http: HttpOptions = {
    routes: routesOf(async () => (await open()).responder, limiter, {
      upstreams,
      lenient: options.lenient === true,
      tools,
    }),
    authenticate: (headers) => keys.authenticate(headers),
    onError: (error, { requestId }) => onError(error, { requestId }),
    ...(options.maxBodyBytes === undefined ? {} : { bodyLimitBytes: options.maxBodyBytes }),
    ...(options.maxUploadBytes === undefined ? {} : { uploadLimitBytes: options.maxUploadBytes }),
    ...(options.keepAliveMs === undefined ? {} : { keepAliveMs: options.keepAliveMs }),
    ...(options.cors === undefined ? {} : { corsOrigins: options.cors }),
  }
  const node: NodeServer = createNodeServer({
    ...http,
    isOpen: keys.isOpen,
    ...(options.webSocket === false
      ? {}
      : { webSocket: { answer: answerSocket(async () => (await open()).responder, limiter) } }),
  })
  const streams = createStreams(http)
  return {
    models: [...upstreams.keys()],
    fetch: createFetchHandler(http, streams),
    nodeHandler: createNodeHandler(http, streams),
    async listen(port = 8080, host = '127.0.0.1') {
      await open()
      return node.listen(port, host)
    },
    async close() {
      const closed = node.close()
      const running = await opened
      await running?.keeper.stop()
      shutAll(streams)
      await closed
      if (running !== undefined) {
        await endForeground(running.responder)
        await Promise.allSettled(tools.map(async (tool) => tool.close?.()))
        await running.state.close()
      }
      await webhooks?.close()
    },
  }
}

/** How long the end of a response may take when the server closes. */
const END_MS = 2_000

/** Ends what has no client any more, so that its end is stored. */
const endForeground = async ({ live }: Responder): Promise<void> => {
  const left = [...live.values()]
  for (const one of left) one.cancel('The server is closing.')
  if (left.length === 0) return
  const late = new Promise<void>((resolve) => setTimeout(resolve, END_MS).unref())
  await Promise.race([Promise.all(left.map(({ ended }) => ended)), late])
}

interface Opened {
  readonly responder: Responder
  readonly state: ServerState
  readonly keeper: Keeper
}

interface Serving {
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly fallback: Upstream
  readonly tools: readonly BuiltInTool[]
}

const openResponder = async (
  { upstreams, fallback, tools }: Serving,
  options: ServeOptions,
  onError: NonNullable<ServeOptions['onError']>,
  webhooks: Webhooks | undefined,
): Promise<Opened> => {
  const state = await openState(options.store)
  for (const tool of tools) await tool.attach?.({ store: state.store, files: state.files })
  const responder: Responder = {
    upstreams,
    fallback,
    responses: state.responses,
    history: state.history,
    runs: state.runs,
    files: state.files,
    fileBounds: fileBounds(options.files, state.store === undefined),
    heads: new HistoryHeads(state.history),
    live: new Map(),
    turnstile: new Turnstile(options.backgroundConcurrency ?? 16),
    options: {
      disconnectGraceMs: options.disconnectGraceMs ?? 0,
      keepMs: (options.keepDays ?? 30) * DAY_MS,
      lenient: options.lenient === true,
      anyModel: options.anyModel === true,
    },
    onError,
    onEnded: (tenant, response) => announce(webhooks, tenant, response),
  }
  return { responder, state, keeper: startKeeper(responder, options.keeperMs ?? 1_000) }
}

const announce = (webhooks: Webhooks | undefined, tenant: string, { id, status }: WireResponse): void => {
  const type = webhookTypeOf(status)
  if (type !== undefined) webhooks?.deliver({ tenant, responseId: id, type })
}

const upstreamsOf = (
  served: Served | Readonly<Record<string, Served>>,
  tools: readonly BuiltInTool[],
): Map<string, Upstream> => {
  const upstreams = new Map<string, Upstream>()
  if (isServed(served)) {
    const upstream = asUpstream(served, tools)
    for (const name of upstream.models) upstreams.set(name, upstream)
  } else for (const [name, one] of Object.entries(served)) upstreams.set(name, asUpstream(one, tools))
  return upstreams
}

const isServed = (value: Served | Readonly<Record<string, Served>>): value is Served =>
  typeof value === 'function' || typeof (value as Partial<Agent>).run === 'function' || isUpstream(value)

const isUpstream = (value: object): value is Upstream =>
  typeof (value as Partial<Upstream>).answer === 'function' &&
  Array.isArray((value as Partial<Upstream>).models)

/** Built-in tools that the server carries: its own, and those of the agents. Each once. */
const carriedTools = (
  served: Served | Readonly<Record<string, Served>>,
  tools: readonly BuiltInTool[],
): readonly BuiltInTool[] => {
  const all = isServed(served) ? [served] : Object.values(served)
  const agents = all.filter((one): one is Agent<unknown> => typeof (one as Partial<Agent>).run === 'function')
  // Agents that name each other may not all exist yet; nobody but them has lists that are functions.
  return [...new Set([...tools, ...agents.flatMap(({ spec }) => ownBuiltIns(spec).map(({ tool }) => tool))])]
}

const asUpstream = (served: Served, tools: readonly BuiltInTool[]): Upstream => {
  if (typeof served === 'function') {
    const model = served as Model
    const bare = agent({ name: agentNameOf(model), model })
    const plain = withCheckedOutput(modelUpstream(model), agentUpstream(bare))
    if (tools.length === 0) return plain
    const running = agentUpstream(bare, { tools, isPlain: true })
    return withBuiltIns(plain, running, tools, model.capabilities)
  }
  return isUpstream(served) ? served : agentUpstream(served as Agent<unknown>, { tools })
}

/** The name of a model as an agent may have it. */
const agentNameOf = ({ modelName = 'model' }: Model): string =>
  modelName.replace(/[^\w-]+/g, '_').slice(0, 50) || 'model'

const tellStandardError: NonNullable<ServeOptions['onError']> = (error, { responseId, requestId }) => {
  const where = responseId ?? requestId
  process.stderr.write(
    `${where === undefined ? '' : `${where}: `}${error instanceof Error ? error.message : String(error)}\n`,
  )
}
