import { createHash } from 'node:crypto'

/** How a background response ended. */
export type WebhookEventType =
  | 'response.completed'
  | 'response.failed'
  | 'response.cancelled'
  | 'response.incomplete'

/** The body of a webhook. Source: OpenAI, webhook events. */
export interface WebhookEvent {
  /** `evt_…`; the same for the same end of the same response, so that a receiver knows a repetition. */
  readonly id: string
  readonly object: 'event'
  readonly type: WebhookEventType
  /** Unix time in seconds. */
  readonly created_at: number
  /** Id of the response; the receiver fetches it. */
  readonly data: { readonly id: string }
}

/** What is told about, and whose it is. */
export interface WebhookNews {
  readonly tenant: string
  readonly responseId: string
  readonly type: WebhookEventType
  /** Unix time in seconds. @defaultValue now */
  readonly createdAt?: number
}

const TYPES: ReadonlySet<string> = new Set<WebhookEventType>([
  'response.completed',
  'response.failed',
  'response.cancelled',
  'response.incomplete',
])

/** The event for the status that a response has ended with; undefined for one that has not ended. */
export const webhookTypeOf = (status: string | undefined): WebhookEventType | undefined => {
  const type = `response.${status}`
  return TYPES.has(type) ? (type as WebhookEventType) : undefined
}

/** The event for the news. */
export const webhookEvent = ({ tenant, responseId, type, createdAt }: WebhookNews): WebhookEvent => ({
  id: `evt_${createHash('sha256')
    .update(JSON.stringify([tenant, responseId, type]))
    .digest('hex')
    .slice(0, 32)}`,
  object: 'event',
  type,
  created_at: createdAt ?? Math.floor(Date.now() / 1000),
  data: { id: responseId },
})
