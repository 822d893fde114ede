import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServeError } from '../src/request/serve-error.ts'
import { createLimiter, type Limiter, type LimiterOptions } from '../src/tenants/limits.ts'
import { createTokenBucket } from '../src/tenants/token-bucket.ts'

const acme = { tenant: 'acme' }
const perSecond = (limit: number) => ({ limit, intervalMs: 1000 })

const clocked = (limits: LimiterOptions['limits']) => {
  const clock = { now: 0 }
  return { clock, limiter: createLimiter({ limits, now: () => clock.now }) }
}

const refusal = (limiter: Limiter, estimate = 0, principal = acme): ServeError => {
  try {
    limiter.acquire(principal, estimate)
  } catch (error) {
    expect(error).toBeInstanceOf(ServeError)
    return error as ServeError
  }
  throw new Error('nothing was refused')
}

describe('limits of a tenant', () => {
  it('do not exist unless they are given', () => {
    const limiter = createLimiter()
    for (let i = 0; i < 1000; i++) expect(limiter.acquire(acme, 1e9).headers).toEqual({})
    expect(limiter.tenantCount).toBe(0)
  })

  it('bound the responses at the same time, each tenant for itself', () => {
    const { limiter } = clocked({ concurrency: 2 })
    const first = limiter.acquire(acme, 0)
    limiter.acquire(acme, 0)
    const error = refusal(limiter)
    expect(error).toMatchObject({ status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' })
    expect(error.headers).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '1000' })
    limiter.acquire({ tenant: 'other' }, 0)
    first.release()
    first.release()
    limiter.acquire(acme, 0)
    refusal(limiter)
  })

  it('bound the requests of an interval, and say when the next may come', () => {
    const { clock, limiter } = clocked({ requests: perSecond(2) })
    expect(limiter.acquire(acme, 0).headers).toEqual({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '500ms',
    })
    limiter.acquire(acme, 0)
    expect(refusal(limiter).headers).toEqual({
      'retry-after': '1',
      'retry-after-ms': '500',
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1s',
    })
    clock.now = 499
    refusal(limiter)
    clock.now = 500
    limiter.acquire(acme, 0)
  })

  it('reserve the estimate, and settle it by the usage', () => {
    const { clock, limiter } = clocked({ tokens: perSecond(1000) })
    const lease = limiter.acquire(acme, 600)
    expect(refusal(limiter, 500).headers).toMatchObject({ 'retry-after-ms': '100' })
    lease.settle({ input_tokens: 80, output_tokens: 20 })
    lease.settle({ total_tokens: 1000 })
    const next = limiter.acquire(acme, 900)
    expect(next.headers['x-ratelimit-remaining-tokens']).toBe('0')
    next.settle({ total_tokens: 1900 })
    next.release()
    expect(refusal(limiter, 1).headers).toMatchObject({ 'retry-after-ms': '1001', 'retry-after': '2' })
    clock.now = 1001
    limiter.acquire(acme, 1)
  })

  it('keep an estimate that was not settled', () => {
    const { limiter } = clocked({ tokens: perSecond(1000) })
    const lease = limiter.acquire(acme, 600)
    lease.settle(null)
    lease.release()
    lease.settle({ total_tokens: 1 })
    refusal(limiter, 401)
    limiter.acquire(acme, 400)
  })

  it('refuse for good what is larger than the limit', () => {
    const { limiter } = clocked({ tokens: perSecond(1000) })
    const error = refusal(limiter, 1001)
    expect(error.headers).toMatchObject({ 'x-should-retry': 'false' })
    expect(error.headers).not.toHaveProperty('retry-after')
  })

  it('take nothing for what they refuse', () => {
    const { limiter } = clocked({ concurrency: 3, requests: perSecond(2), tokens: perSecond(10) })
    for (let i = 0; i < 5; i++) refusal(limiter, 11)
    limiter.acquire(acme, 5)
    for (let i = 0; i < 5; i++) refusal(limiter, 6)
    limiter.acquire(acme, 5)
  })

  it('may change while responses are open', () => {
    let concurrency = 1
    const limiter = createLimiter({ limits: () => ({ concurrency }), now: () => 0 })
    const first = limiter.acquire(acme, 0)
    concurrency = 2
    limiter.acquire(acme, 0)
    refusal(limiter)
    first.release()
    limiter.acquire(acme, 0)
  })

  it('forget tenants that are idle', () => {
    const { clock, limiter } = clocked({ concurrency: 5, requests: perSecond(10) })
    limiter.acquire({ tenant: 'open' }, 0)
    for (let i = 0; i < 10_000; i++) {
      clock.now += 10
      limiter.acquire({ tenant: `t${i}` }, 0).release()
    }
    // One request is forgotten after 100 ms: ten others come in that time, and one is held.
    expect(limiter.tenantCount).toBeLessThan(50)
    for (let i = 0; i < 4; i++) limiter.acquire({ tenant: 'open' }, 0)
    refusal(limiter, 0, { tenant: 'open' })
  })

  it('must be positive integers', () => {
    for (const limits of [{ concurrency: 0 }, { requests: perSecond(-1) }, { tokens: perSecond(1.5) }])
      expect(() => createLimiter({ limits })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    const late = createLimiter({ limits: () => ({ concurrency: Number.NaN }) })
    expect(() => late.acquire(acme, 0)).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })
})

describe('a token bucket', () => {
  const rate = fc.record({
    limit: fc.integer({ min: 1, max: 50 }),
    intervalMs: fc.integer({ min: 1, max: 500 }),
  })
  const steps = fc.array(fc.record({ pause: fc.nat(100), amount: fc.integer({ min: 1, max: 20 }) }), {
    maxLength: 60,
  })

  it('never gives more than its rate in any window', () =>
    fc.assert(
      fc.property(rate, steps, ({ limit, intervalMs }, asked) => {
        const bucket = createTokenBucket({ limit, intervalMs })
        const taken: { at: number; amount: number }[] = []
        let now = 0
        for (const { pause, amount } of asked) {
          now += pause
          if (bucket.waitMs(amount, now) > 0) continue
          bucket.take(amount, () => now).keep()
          taken.push({ at: now, amount })
        }
        for (const [i, first] of taken.entries()) {
          let sum = 0
          for (const { at, amount } of taken.slice(i)) {
            sum += amount
            expect(sum * intervalMs).toBeLessThanOrEqual(limit * (intervalMs + at - first.at))
          }
        }
      }),
    ))

  it('gives after the wait that it told, and not a millisecond before', () =>
    fc.assert(
      fc.property(rate, steps, ({ limit, intervalMs }, asked) => {
        const bucket = createTokenBucket({ limit, intervalMs })
        let now = 0
        for (const { pause, amount } of asked) {
          now += pause
          const waitMs = bucket.waitMs(amount, now)
          expect(Number.isFinite(waitMs)).toBe(amount <= limit)
          if (amount > limit) continue
          if (waitMs > 0) expect(bucket.waitMs(amount, now + waitMs - 1)).toBe(1)
          now += waitMs
          expect(bucket.waitMs(amount, now)).toBe(0)
          expect(bucket.remaining(now)).toBeGreaterThanOrEqual(amount)
          bucket.take(amount, () => now).keep()
        }
      }),
    ))

  it('stands after settling where it would stand had the true amount been known', () =>
    fc.assert(
      fc.property(rate, steps, fc.nat(20), fc.nat(20), ({ limit, intervalMs }, others, estimate, actual) => {
        fc.pre(actual <= estimate)
        const settled = createTokenBucket({ limit, intervalMs })
        const known = createTokenBucket({ limit, intervalMs })
        let now = 0
        const reservation = settled.take(estimate, () => now)
        known.take(actual, () => now).keep()
        for (const { pause, amount } of others) {
          now += pause
          settled.take(amount, () => now).keep()
          known.take(amount, () => now).keep()
        }
        reservation.settle(actual)
        expect(settled.resetMs(now)).toBe(known.resetMs(now))
        expect(settled.remaining(now)).toBe(known.remaining(now))
      }),
    ))
})
