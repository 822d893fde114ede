import type { EgressPolicy } from '@antiphon/egress'
import { checkUrl } from '@antiphon/egress'
import { ConfigError } from 'antiphon'
import {
  type DeliveryOutcome,
  deliverWebhook,
  type RetryPolicy,
  type SignedTarget,
} from './deliver-webhook.ts'
import { createDeliveryLane, type DeliveryLane } from './delivery-lane.ts'
import { createWebhookSigner } from './sign-webhook.ts'
import { type WebhookEvent, type WebhookNews, webhookEvent } from './webhook-event.ts'

/** Where webhooks go, and what signs them. */
export interface WebhookTarget {
  /** `https:`, at a public address. */
  readonly url: string
  /** `whsec_…`; several while one is being replaced. */
  readonly secret: string | readonly string[]
}

/** What became of a webhook that did not arrive. */
export interface UndeliveredWebhook {
  readonly tenant: string
  readonly event: WebhookEvent
  readonly attempts: number
  /** The target is not allowed or wants no more; every attempt failed; too many were waiting; the server was closed. */
  readonly reason: 'refused' | 'failed' | 'queue_full' | 'closed'
  /** HTTP status of the last answer, when there was one. */
  readonly status?: number
  readonly message: string
}

/** Webhooks for background responses that have ended. */
export interface WebhooksOptions extends Partial<WebhookTarget> {
  /** Targets of single tenants, in the place of the one for all; `null` for none. */
  readonly tenants?: Readonly<Record<string, WebhookTarget | null>>
  /** Attempts for one webhook. @defaultValue 8 */
  readonly attempts?: number
  /** Before the second attempt; then four times as long each. @defaultValue 1_000 */
  readonly firstDelayMs?: number
  /** The longest wait between two attempts, also when the receiver asks for more. @defaultValue 600_000 */
  readonly maxDelayMs?: number
  /** For one attempt. @defaultValue 10_000 */
  readonly timeoutMs?: number
  /** Webhooks to one target at the same time, those that wait for another attempt included. @defaultValue 16 */
  readonly concurrency?: number
  /** Webhooks to one target that have not ended; more are given up at once. @defaultValue 1_000 */
  readonly queueLimit?: number
  /** Where else webhooks may go than to public addresses over https. */
  readonly egress?: EgressPolicy
  /** Told of every webhook that did not arrive. */
  readonly onGiveUp?: (undelivered: UndeliveredWebhook) => void
}

/** Sends webhooks. They wait in memory: what has not arrived when the process ends is lost. */
export interface Webhooks {
  /** Sends in the background; false where the tenant has no target, or too many are waiting. */
  deliver(news: WebhookNews): boolean
  /** Takes no more, waits for those under way, and drops what is left after `waitMs`; 0 drops at once. @defaultValue 10_000 */
  close(options?: { readonly waitMs?: number }): Promise<void>
}

interface OpenTarget extends SignedTarget {
  readonly lane: DeliveryLane
}

/** Makes the sender. Throws `ConfigError` (`invalid_config`) for a bad secret or number, `EgressError` (`egress_refused`) for a URL that is not allowed. */
export const createWebhooks = (options: WebhooksOptions): Webhooks => {
  const { url, secret, tenants = {}, egress = {}, onGiveUp } = options
  const retry: RetryPolicy = {
    attempts: count('attempts', options.attempts ?? 8),
    firstDelayMs: count('firstDelayMs', options.firstDelayMs ?? 1000),
    maxDelayMs: count('maxDelayMs', options.maxDelayMs ?? 600_000),
    timeoutMs: count('timeoutMs', options.timeoutMs ?? 10_000),
  }
  const bounds = {
    concurrency: count('concurrency', options.concurrency ?? 16),
    queueLimit: count('queueLimit', options.queueLimit ?? 1000),
  }
  const open = (target: WebhookTarget): OpenTarget => ({
    url: checkUrl(target.url, egress),
    sign: createWebhookSigner(target.secret),
    policy: egress,
    lane: createDeliveryLane(bounds),
  })
  if ((url === undefined) !== (secret === undefined))
    throw new ConfigError('invalid_config', 'Webhooks need both a `url` and a `secret`.')
  const forAll = url === undefined || secret === undefined ? undefined : open({ url, secret })
  const ofTenant = new Map(
    Object.entries(tenants).map(([tenant, target]) => [tenant, target && open(target)]),
  )

  const report = (undelivered: UndeliveredWebhook): void => {
    try {
      onGiveUp?.(undelivered)
    } catch {
      // A broken hook must not end the server.
    }
  }

  return {
    deliver: (news) => {
      const own = ofTenant.get(news.tenant)
      const target = own === undefined ? forAll : own
      if (!target) return false
      const event = webhookEvent(news)
      const isTaken = target.lane.add(async (signal) => {
        const outcome = await deliverWebhook(event, target, retry, signal)
        if (outcome.kind === 'given_up') report(undelivered(news, event, outcome))
      })
      if (!isTaken)
        report({
          tenant: news.tenant,
          event,
          attempts: 0,
          reason: 'queue_full',
          message: 'Too many webhooks wait for this target, or the server is closing.',
        })
      return isTaken
    },
    close: async ({ waitMs = 10_000 } = {}) => {
      const all = [forAll, ...ofTenant.values()]
      await Promise.all(all.map((target) => target?.lane.close(waitMs)))
    },
  }
}

const undelivered = (
  { tenant }: WebhookNews,
  event: WebhookEvent,
  { kind: _, ...outcome }: Extract<DeliveryOutcome, { kind: 'given_up' }>,
): UndeliveredWebhook => ({ tenant, event, ...outcome })

const count = (name: string, value: number): number => {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new ConfigError('invalid_config', `\`${name}\` of webhooks must be a positive integer, got ${value}.`)
}
