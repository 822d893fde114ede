import type { DBOS } from '@dbos-inc/dbos-sdk'
import { EngineError } from './engine-error.ts'

/** At most `limit` runs start in any `periodMs`. */
export interface QueueRate {
  readonly limit: number
  /** Milliseconds. */
  readonly periodMs: number
}

/** Bounds of runs at once, and of starts. */
export interface QueueBounds {
  /** Runs at once, over all workers. @defaultValue unbounded */
  readonly concurrency?: number
  /** Runs at once in one worker. @defaultValue unbounded */
  readonly workerConcurrency?: number
  /** Starts per period, over all workers. @defaultValue unbounded */
  readonly rate?: QueueRate
}

/** A queue of runs. All workers of a queue know the same agents, and the last one to start decides the bounds. */
export interface QueueOptions extends QueueBounds {
  /** @defaultValue `antiphon` */
  readonly name?: string
  /** Bounds that hold for each tenant by itself. With it, every run is started with a `tenant`. */
  readonly perTenant?: QueueBounds
  /** How often a worker looks for runs, in milliseconds. @defaultValue 100 */
  readonly pollIntervalMs?: number
}

/** Name of the queue when none is given. */
export const DEFAULT_QUEUE = 'antiphon'

const POLL_INTERVAL_MS = 100

type Parameters = NonNullable<globalThis.Parameters<typeof DBOS.registerQueue>[1]>

/**
 * The queue as DBOS registers it.
 *
 * @throws EngineError `invalid_options`.
 */
export const queueParameters = (options: QueueOptions): Parameters => {
  const { perTenant = {}, pollIntervalMs = POLL_INTERVAL_MS } = options
  check('queue', options)
  check('queue.perTenant', perTenant)
  atLeast('queue.pollIntervalMs', pollIntervalMs, 1)
  return {
    globalConcurrency: options.concurrency,
    workerConcurrency: options.workerConcurrency,
    rateLimit: rateOf(options.rate),
    partitionConcurrency: perTenant.concurrency,
    partitionWorkerConcurrency: perTenant.workerConcurrency,
    partitionRateLimit: rateOf(perTenant.rate),
    minPollingIntervalMs: pollIntervalMs,
    onConflict: 'always_update',
  }
}

const rateOf = (rate: QueueRate | undefined): Parameters['rateLimit'] =>
  rate === undefined ? undefined : { limitPerPeriod: rate.limit, periodSec: rate.periodMs / 1000 }

const check = (name: string, { concurrency, workerConcurrency, rate }: QueueBounds): void => {
  atLeast(`${name}.concurrency`, concurrency, 1)
  atLeast(`${name}.workerConcurrency`, workerConcurrency, 1)
  atLeast(`${name}.rate.limit`, rate?.limit, 1)
  atLeast(`${name}.rate.periodMs`, rate?.periodMs, 1)
  if (workerConcurrency !== undefined && concurrency !== undefined && workerConcurrency > concurrency)
    throw new EngineError(
      'invalid_options',
      `\`${name}.workerConcurrency\` (${workerConcurrency}) is more than \`${name}.concurrency\` (${concurrency}), which all workers share.`,
    )
}

const atLeast = (name: string, value: number | undefined, min: number): void => {
  if (value === undefined || (Number.isFinite(value) && value >= min)) return
  throw new EngineError('invalid_options', `Expected a number from ${min} on as \`${name}\`, got ${value}.`)
}
