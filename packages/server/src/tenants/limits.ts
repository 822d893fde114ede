import type { ResponseUsage } from '@antiphon/client'
import { ConfigError } from 'antiphon'
import { ServeError } from '../request/serve-error.ts'
import type { Principal } from './principal.ts'
import { rateHeaders, retryHeaders } from './rate-headers.ts'
import { type BucketRate, createTokenBucket, type TokenBucket } from './token-bucket.ts'

/** What one tenant may use. What is left out is not limited. */
export interface TenantLimits {
  /** Responses at the same time. */
  readonly concurrency?: number
  /** Responses created per interval. */
  readonly requests?: BucketRate
  /** Tokens per interval, of input and output. */
  readonly tokens?: BucketRate
}

/** Limits of all tenants. */
export interface LimiterOptions {
  /** The same for every tenant, or for each its own; undefined for none. */
  readonly limits?: TenantLimits | ((tenant: string) => TenantLimits | undefined)
  /** Milliseconds of a clock that never goes back. @defaultValue `performance.now()` */
  readonly now?: () => number
}

/** The room that one response takes. */
interface Lease {
  /** `x-ratelimit-*`, as it was when the response began. */
  readonly headers: Readonly<Record<string, string>>
  /** Books what was really used, in the place of the estimate. Once; nothing without a usage, or after `release()`. */
  settle(usage: ResponseUsage | null | undefined): void
  /** Gives the place back. An estimate that was not settled stays booked. Any number of times. */
  release(): void
}

/** The limits of all tenants, in this process. */
export interface Limiter {
  /** Takes a place, one request and the estimated tokens; throws a 429 `ServeError`, and takes nothing, where one of them is not there. */
  acquire(principal: Principal, estimatedTokens: number): Lease
  /** How many tenants are remembered: those that hold or have used something lately. */
  readonly tenantCount: number
}

interface TenantState {
  /** Shared with the state that follows when a tenant's limits change. */
  readonly places: { taken: number }
  readonly limits: TenantLimits
  readonly requests: TokenBucket | undefined
  readonly tokens: TokenBucket | undefined
}

const UNLIMITED: Lease = { headers: {}, settle: () => {}, release: () => {} }
// How long a full house lasts nobody knows.
const WAIT_FOR_PLACE_MS = 1000

/** Makes the limits. Throws `ConfigError` (`invalid_config`) for a limit that is no positive number. */
export const createLimiter = (options: LimiterOptions = {}): Limiter => {
  const { limits, now = () => Math.floor(performance.now()) } = options
  if (typeof limits === 'object') checkLimits(limits)
  // In the order of their last use.
  const tenants = new Map<string, TenantState>()

  const forgetIdle = (): void => {
    let looked = 0
    for (const [tenant, state] of tenants) {
      if (looked++ === 2) return
      tenants.delete(tenant)
      if (!isIdle(state, now())) tenants.set(tenant, state)
    }
  }
  const stateOf = (tenant: string, own: TenantLimits): TenantState => {
    const known = tenants.get(tenant)
    if (known !== undefined && sameLimits(known.limits, own)) return known
    if (typeof limits === 'function') checkLimits(own)
    return newState(own, known?.places)
  }

  return {
    get tenantCount() {
      return tenants.size
    },
    acquire: ({ tenant }, estimatedTokens) => {
      const own = typeof limits === 'function' ? limits(tenant) : limits
      if (own === undefined) return UNLIMITED
      forgetIdle()
      const state = stateOf(tenant, own)
      tenants.delete(tenant)
      tenants.set(tenant, state)
      return take(state, Math.max(0, Math.ceil(estimatedTokens) || 0), now)
    },
  }
}

const take = (state: TenantState, estimate: number, now: () => number): Lease => {
  const { limits, places, requests, tokens } = state
  const at = now()
  if (limits.concurrency !== undefined && places.taken >= limits.concurrency)
    throw over(state, at, WAIT_FOR_PLACE_MS, `${limits.concurrency} responses at the same time`)
  const requestWaitMs = requests?.waitMs(1, at) ?? 0
  if (requestWaitMs > 0) throw over(state, at, requestWaitMs, `${told(limits.requests)} requests`)
  const tokenWaitMs = tokens?.waitMs(estimate, at) ?? 0
  if (tokenWaitMs > 0)
    throw over(state, at, tokenWaitMs, `${told(limits.tokens)} tokens; this request needs about ${estimate}`)

  requests?.take(1, now).keep()
  const reserved = tokens?.take(estimate, now)
  places.taken++
  let isHeld = true
  return {
    headers: headersOf(state, at),
    settle: (usage) => {
      const used = usage && tokensOf(usage)
      if (isHeld && typeof used === 'number') reserved?.settle(used)
    },
    release: () => {
      if (!isHeld) return
      isHeld = false
      places.taken--
      reserved?.keep()
    },
  }
}

const tokensOf = (usage: ResponseUsage): number | undefined => {
  const sum = usage.total_tokens ?? (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0)
  return Number.isFinite(sum) && sum >= 0 ? Math.ceil(sum) : undefined
}

const over = (state: TenantState, at: number, waitMs: number, limit: string): ServeError =>
  new ServeError(429, {
    message: Number.isFinite(waitMs)
      ? `Rate limit reached: ${limit}. Try again in ${Math.ceil(waitMs / 1000)} s.`
      : `The request is larger than the limit: ${limit}. Send less.`,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    headers: { ...headersOf(state, at), ...retryHeaders(waitMs) },
  })

const told = (rate: BucketRate | undefined): string =>
  `${rate?.limit} per ${(rate?.intervalMs ?? 0) / 1000} s`

const headersOf = ({ limits, requests, tokens }: TenantState, at: number): Record<string, string> => ({
  ...(requests && limits.requests ? rateHeaders('requests', limits.requests.limit, requests, at) : {}),
  ...(tokens && limits.tokens ? rateHeaders('tokens', limits.tokens.limit, tokens, at) : {}),
})

const isIdle = ({ places, requests, tokens }: TenantState, at: number): boolean =>
  places.taken === 0 && (requests?.resetMs(at) ?? 0) === 0 && (tokens?.resetMs(at) ?? 0) === 0

const newState = (limits: TenantLimits, places = { taken: 0 }): TenantState => ({
  places,
  limits,
  requests: limits.requests && createTokenBucket(limits.requests),
  tokens: limits.tokens && createTokenBucket(limits.tokens),
})

const sameLimits = (a: TenantLimits, b: TenantLimits): boolean =>
  a.concurrency === b.concurrency && sameRate(a.requests, b.requests) && sameRate(a.tokens, b.tokens)

const sameRate = (a: BucketRate | undefined, b: BucketRate | undefined): boolean =>
  a?.limit === b?.limit && a?.intervalMs === b?.intervalMs

const checkLimits = ({ concurrency, requests, tokens }: TenantLimits): void => {
  const all = { concurrency, requests: requests?.limit, tokens: tokens?.limit }
  const intervals = { 'requests.intervalMs': requests?.intervalMs, 'tokens.intervalMs': tokens?.intervalMs }
  for (const [name, value] of Object.entries({ ...all, ...intervals }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw new ConfigError('invalid_config', `\`limits\`: ${name} must be a positive integer, got ${value}.`)
}
