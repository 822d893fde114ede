import { isAntiphonError } from '@antiphon/client'
import { errorText } from '../errors/error-text.ts'
import { ConfigError } from '../errors.ts'
import type { Model } from '../model.ts'
import { attempt } from './attempt.ts'
import { waitBefore } from './backoff.ts'
import { likeModel } from './like-model.ts'
import type { Middleware } from './middleware.ts'
import { pause } from './stoppable.ts'

/** When and how often a failed model call is made again. */
export interface RetryOptions {
  /** Calls in all, the first one included. @defaultValue 3 */
  readonly attempts?: number
  /** Milliseconds before the second attempt; doubles with each further one. @defaultValue 500 */
  readonly baseMs?: number
  /** Longest wait in milliseconds. What a server asks for (`retry-after`) is obeyed up to a minute; one that asks for more is not tried again. @defaultValue 8000 */
  readonly maxMs?: number
  /** Is this error worth another attempt? `attempt` counts from 1. @defaultValue its `retryable` */
  when?(error: unknown, attempt: number): boolean
}

/**
 * Makes a failed model call again, as long as nothing of its answer was handed on: the events before the first item are held back until then, and once one was
 * passed on the failure is final, for a second answer must not be appended to the first.
 *
 * Beyond the retries of `responses()`, which repeat a request that was refused, it covers failures inside a stream that began well: an `error` event,
 * `response.failed`, an end without a terminal event. Both multiply: give `responses(…, { retries: 0 })` to count here alone.
 * A `retry(model)` is a model; a `retry()` goes into `use` of an agent. Each repetition shows as a `warning` of the run; cancelling stops the wait, too.
 *
 * @throws ConfigError `invalid_config`
 */
export function retry(model: Model, options?: RetryOptions): Model
export function retry(options?: RetryOptions): Middleware
export function retry(first: Model | RetryOptions = {}, options: RetryOptions = {}): Model | Middleware {
  if (typeof first === 'function') return retrying(first, options)
  const settings = checked(first)
  return { name: 'retry', model: (next) => retrying(next, settings) }
}

const retrying = (model: Model, options: RetryOptions): Model => {
  const { attempts = 3, baseMs = 500, maxMs = 8_000, when = isRetryable } = checked(options)
  const retryingModel: Model = async (request, sink, context) => {
    for (let n = 1; ; n++) {
      const failed = await attempt(model, request, sink, context)
      if (failed === undefined) return
      const { error } = failed
      const waitMs = n < attempts && when(error, n) ? waitBefore(n, error, { baseMs, maxMs }) : undefined
      if (waitMs === undefined) return failed.giveUp()
      if (failed.usage !== undefined) context.bookUsage?.(failed.usage, model.modelName)
      context.warn?.(
        'middleware',
        `retry: attempt ${n} of ${attempts} failed, the next one follows in ${Math.round(waitMs)} ms. ${errorText(error)}`,
      )
      await pause(waitMs, context)
    }
  }
  return likeModel(model, retryingModel)
}

const isRetryable = (error: unknown): boolean => isAntiphonError(error) && error.retryable

const checked = (options: RetryOptions): RetryOptions => {
  const { attempts = 1, baseMs = 0, maxMs = 0 } = options
  if (!Number.isInteger(attempts) || attempts < 1)
    throw new ConfigError(
      'invalid_config',
      `Expected \`attempts\` of retry() to be a whole number of at least 1, got \`${attempts}\`.`,
    )
  for (const [name, value] of Object.entries({ baseMs, maxMs }))
    if (!(value >= 0))
      throw new ConfigError(
        'invalid_config',
        `Expected \`${name}\` of retry() to be at least 0, got \`${value}\`.`,
      )
  return options
}
