import { setTimeout as pause } from 'node:timers/promises'
import type { EgressPolicy } from '@antiphon/egress'
import { egressRequest } from '@antiphon/egress'
import { isAntiphonError } from 'antiphon'
import type { WebhookSigner } from './sign-webhook.ts'
import type { WebhookEvent } from './webhook-event.ts'

/** How often and how patiently a webhook is sent. */
export interface RetryPolicy {
  readonly attempts: number
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  readonly timeoutMs: number
}

/** Where it goes, and how it is signed. */
export interface SignedTarget {
  readonly url: URL
  readonly sign: WebhookSigner
  readonly policy: EgressPolicy
}

/** How a delivery ended. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly attempts: number }
  | {
      readonly kind: 'given_up'
      readonly attempts: number
      readonly reason: 'refused' | 'failed' | 'closed'
      /** Of the last answer, when there was one. */
      readonly status?: number
      readonly message: string
    }

type Attempt =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'failed'
      readonly message: string
      readonly isFinal: boolean
      readonly status?: number
      readonly retryAfterMs?: number
    }

/** Sends one event until it has arrived, no attempt is left, or the signal aborts. Never rejects. */
export const deliverWebhook = async (
  event: WebhookEvent,
  target: SignedTarget,
  retry: RetryPolicy,
  signal: AbortSignal,
): Promise<DeliveryOutcome> => {
  const body = JSON.stringify(event)
  let last: Extract<Attempt, { kind: 'failed' }> | undefined
  let attempts = 0
  while (!signal.aborted) {
    attempts++
    const attempt = await send(event, body, target, retry.timeoutMs, signal)
    if (attempt.kind === 'delivered') return { kind: 'delivered', attempts }
    if (signal.aborted) break
    last = attempt
    if (attempt.isFinal || attempts >= retry.attempts)
      return givenUp(attempt.isFinal ? 'refused' : 'failed', attempts, last)
    // Aborted: the loop ends by itself.
    await pause(delayMs(attempts, retry, attempt.retryAfterMs), undefined, { signal }).catch(() => {})
  }
  return givenUp('closed', attempts, last ?? { message: 'The server was closed.' })
}

const givenUp = (
  reason: 'refused' | 'failed' | 'closed',
  attempts: number,
  { status, message }: { readonly status?: number; readonly message: string },
): DeliveryOutcome => ({
  kind: 'given_up',
  attempts,
  reason,
  message,
  ...(status === undefined ? {} : { status }),
})

const send = async (
  event: WebhookEvent,
  body: string,
  { url, sign, policy }: SignedTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Attempt> => {
  // The id stays the same over all attempts, the time is that of this one: receivers refuse old ones.
  const id = event.id.replace(/^evt_/, 'wh_')
  const timestamp = Math.floor(Date.now() / 1000)
  try {
    const { status, headers } = await egressRequest(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'antiphon-webhooks',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': sign(id, timestamp, body),
      },
      body,
      timeoutMs,
      // The status says it all.
      maxBytes: 0,
      signal,
      policy,
    })
    if (status >= 200 && status < 300) return { kind: 'delivered' }
    const message = `${url.host} answered with status ${status}.`
    // 410: after the standard, the receiver wants no more of it.
    return {
      kind: 'failed',
      message,
      status,
      isFinal: status === 410,
      retryAfterMs: retryAfterMs(headers['retry-after']),
    }
  } catch (error) {
    const isKnown = isAntiphonError(error)
    return {
      kind: 'failed',
      message: isKnown ? error.message : `The webhook to ${url.host} could not be sent.`,
      isFinal: isKnown && !error.retryable,
    }
  }
}

const retryAfterMs = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}

/** Four times as long after each attempt, or as long as the receiver asks; spread, so that many do not come at once. */
const delayMs = (attempts: number, { firstDelayMs, maxDelayMs }: RetryPolicy, askedMs = 0): number => {
  const growing = Math.min(maxDelayMs, firstDelayMs * 4 ** (attempts - 1)) * (0.75 + Math.random() / 4)
  return Math.max(growing, Math.min(askedMs, maxDelayMs))
}
