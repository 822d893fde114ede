import type { CallEvent } from './call-events.ts'
import type { DialectEvent } from './dialect-events.ts'
import type { ErrorDetail } from './error-body.ts'
import type { EventBase } from './event-parts.ts'
import type { ExtensionType } from './open.ts'
import type { OutputItem } from './output-items.ts'
import type { ProgressEvent } from './progress-events.ts'
import type { Response } from './response.ts'
import type { TextEvent } from './text-events.ts'

/** The first event: the response as it begins. */
export interface ResponseCreatedEvent extends EventBase {
  type: 'response.created'
  response: Response
}

/** The response waits for its turn; background only. */
export interface ResponseQueuedEvent extends EventBase {
  type: 'response.queued'
  response: Response
}

/** The model has begun. */
export interface ResponseInProgressEvent extends EventBase {
  type: 'response.in_progress'
  response: Response
}

/** Terminal: the response is whole. Read `response.status`: some servers send this for incomplete ones. */
export interface ResponseCompletedEvent extends EventBase {
  type: 'response.completed'
  response: Response
}

/** Terminal: the response was cut off; `response.incomplete_details.reason` says by what. */
export interface ResponseIncompleteEvent extends EventBase {
  type: 'response.incomplete'
  response: Response
}

/** Terminal: the response failed; `response.error` says why. */
export interface ResponseFailedEvent extends EventBase {
  type: 'response.failed'
  response: Response
}

/** An item begins at `output_index`, its text still empty. */
export interface OutputItemAddedEvent extends EventBase {
  type: 'response.output_item.added'
  output_index: number
  item: OutputItem
}

/** The item at `output_index` is whole and will not change again. */
export interface OutputItemDoneEvent extends EventBase {
  type: 'response.output_item.done'
  output_index: number
  item: OutputItem
}

/**
 * An error inside a stream that began well.
 *
 * Two forms exist: flat in OpenAI's schema, nested (`error`) in practice and in Open Responses.
 * `response.failed` may follow or not.
 */
export interface ErrorEvent extends EventBase {
  type: 'error'
  message?: string
  code?: string | null
  param?: string | null
  error?: ErrorDetail
  /** HTTP status, on WebSocket frames. */
  status?: number
}

/** A stream event that the contract describes, 58 in all. */
export type KnownEvent =
  | ResponseCreatedEvent
  | ResponseQueuedEvent
  | ResponseInProgressEvent
  | ResponseCompletedEvent
  | ResponseIncompleteEvent
  | ResponseFailedEvent
  | OutputItemAddedEvent
  | OutputItemDoneEvent
  | ErrorEvent
  | TextEvent
  | CallEvent
  | ProgressEvent

/** The event that ends a stream; `response.cancelled` comes from some servers. */
export type TerminalEvent =
  | ResponseCompletedEvent
  | ResponseIncompleteEvent
  | ResponseFailedEvent
  | Extract<DialectEvent, { type: 'response.cancelled' }>

/** An event that is in no contract, or in a beta; ignore what you do not know, never fail on it. */
export interface UnknownEvent {
  type:
    | ExtensionType
    | 'keepalive'
    | 'ping'
    | 'response.keep_alive'
    | 'codex.rate_limits'
    | 'response.inject.created'
    | 'response.inject.failed'
  [field: string]: unknown
}

/** What a stream carries; `switch (event.type)` narrows it. Source: Responses API, `ResponseStreamEvent`. */
export type ResponseEvent = KnownEvent | DialectEvent | UnknownEvent
