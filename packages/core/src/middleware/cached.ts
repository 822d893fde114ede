import {
  isTerminalEvent,
  type ResponseEvent,
  type ResponseRequest,
  type TerminalEvent,
} from '@antiphon/client'
import { errorText } from '../errors/error-text.ts'
import { ConfigError } from '../errors.ts'
import type { Model, ModelContext } from '../model.ts'
import { likeModel } from './like-model.ts'
import type { Middleware } from './middleware.ts'
import { NewestEntries } from './newest-entries.ts'
import { requestKey } from './request-key.ts'
import { orStopped } from './stoppable.ts'

/** Where answers are kept: a `Map`, or anything that reads and writes text by key, also over a network. */
export interface CacheStore {
  get(key: string): string | undefined | null | Promise<string | undefined | null>
  /** `value` is JSON: the events of one answer. */
  set(key: string, value: string): unknown
}

/** How answers are kept and found again. */
export interface CachedOptions {
  /** @defaultValue the memory of this process, `maxEntries` answers */
  readonly store?: CacheStore
  /** Answers that the memory holds; the one that was not asked for the longest gives way. No bound on a store of yours. @defaultValue 500 */
  readonly maxEntries?: number
  /** What makes two requests the same; undefined for one that is not to be kept. @defaultValue a hash of the model's name and the whole request, whatever the order of its keys */
  key?(request: ResponseRequest): string | undefined
}

/**
 * Answers a request that was answered before by the very events of that answer, ids and usage included: a limit on tokens counts a repetition like the call it
 * repeats.
 *
 * Only complete responses are kept, and none of a `conversation` or in the `background`, where the same request means another thing the next time. A store that fails
 * costs a `warning`, never the answer. `cached(model)` is a model; `cached()` goes into `use` of an agent.
 *
 * @throws ConfigError `invalid_config`
 */
export function cached(model: Model, options?: CachedOptions): Model
export function cached(options?: CachedOptions): Middleware
export function cached(first: Model | CachedOptions = {}, options: CachedOptions = {}): Model | Middleware {
  if (typeof first === 'function') return caching(first, options, storeOf(options))
  const store = storeOf(first)
  return { name: 'cached', model: (next) => caching(next, first, store) }
}

const storeOf = ({ store, maxEntries = 500 }: CachedOptions): CacheStore => {
  if (!(maxEntries >= 1))
    throw new ConfigError(
      'invalid_config',
      `Expected \`maxEntries\` of cached() to be at least 1, got \`${maxEntries}\`.`,
    )
  return store ?? new NewestEntries<string>(maxEntries)
}

const caching = (model: Model, { key }: CachedOptions, store: CacheStore): Model => {
  const keyOf = (request: ResponseRequest, context: ModelContext): string | undefined => {
    if (request.conversation || request.background) return undefined
    return key === undefined
      ? requestKey(request, model.modelName, context.input !== undefined)
      : key(request)
  }
  const cachingModel: Model = async (request, sink, context) => {
    const place = keyOf(request, context)
    if (place === undefined) return model(request, sink, context)
    const known = await orStopped(read(store, place, context), context)
    if (known !== undefined) {
      for (const event of known) sink(event)
      return
    }
    const events: ResponseEvent[] = []
    let complete = false
    await model(
      request,
      (event) => {
        events.push(event)
        if (isTerminalEvent(event)) complete = isComplete(event)
        sink(event)
      },
      context,
    )
    if (complete) await orStopped(write(store, place, events, context), context)
  }
  return likeModel(model, cachingModel)
}

/** The status decides, not the name of the event: some servers send `response.completed` for an answer that is not whole. */
const isComplete = ({ type, response }: TerminalEvent): boolean =>
  type === 'response.completed' &&
  !NOT_WHOLE.has(response?.status ?? '') &&
  !response?.incomplete_details?.reason

const NOT_WHOLE: ReadonlySet<string> = new Set(['incomplete', 'failed', 'cancelled'])

const read = async (
  store: CacheStore,
  key: string,
  context: ModelContext,
): Promise<ResponseEvent[] | undefined> => {
  try {
    const text = await store.get(key)
    return text ? (JSON.parse(text) as ResponseEvent[]) : undefined
  } catch (error) {
    return report(context, 'read', error)
  }
}

/** As text: what is kept shares no object with any run, and holds no chunk of the network in memory. */
const write = async (
  store: CacheStore,
  key: string,
  events: readonly ResponseEvent[],
  context: ModelContext,
): Promise<void> => {
  try {
    await store.set(key, JSON.stringify(events))
  } catch (error) {
    report(context, 'written', error)
  }
}

const report = (context: ModelContext, what: string, error: unknown): undefined => {
  const message = errorText(error)
  context.warn?.('middleware', `cached: the store could not be ${what}. ${message}`)
  return undefined
}
