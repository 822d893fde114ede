import type { JsonObject } from 'antiphon'

/** What the page gives back to us unread: enough to write the item again that a part came from. */
export interface UiMetadata {
  readonly antiphon: JsonObject
}

/** Beginning of a tool part. */
export interface UiTool {
  readonly toolCallId: string
  readonly toolName: string
  /** Shown as `dynamic-tool`, in the place of `tool-<name>`. */
  readonly dynamic?: true
  /** Not for the page to answer. */
  readonly providerExecuted?: true
  readonly title?: string
  readonly providerMetadata?: UiMetadata
}

/** A chunk of the UI message stream, as far as a response needs it. Source: AI SDK, UI message stream protocol v1, `UIMessageChunk`. */
export type UiChunk =
  | { readonly type: 'start'; readonly messageId?: string; readonly messageMetadata?: UiMessageMetadata }
  | { readonly type: 'start-step' | 'finish-step' }
  | {
      readonly type: 'finish'
      readonly finishReason: UiFinishReason
      readonly messageMetadata?: UiMessageMetadata
    }
  | { readonly type: 'abort'; readonly reason?: string }
  | { readonly type: 'error'; readonly errorText: string }
  | {
      readonly type: 'text-start' | 'text-end' | 'reasoning-start' | 'reasoning-end'
      readonly id: string
      readonly providerMetadata?: UiMetadata
    }
  | { readonly type: 'text-delta' | 'reasoning-delta'; readonly id: string; readonly delta: string }
  | (UiTool & { readonly type: 'tool-input-start'; readonly inputEncoding?: 'text' })
  | { readonly type: 'tool-input-delta'; readonly toolCallId: string; readonly inputTextDelta: string }
  | (UiTool & { readonly type: 'tool-input-available'; readonly input: unknown })
  | (UiTool & { readonly type: 'tool-input-error'; readonly input: unknown; readonly errorText: string })
  | { readonly type: 'tool-approval-request'; readonly toolCallId: string; readonly approvalId: string }
  | { readonly type: 'tool-output-denied'; readonly toolCallId: string }
  | ({ readonly type: 'tool-output-available'; readonly output: unknown } & UiToolEnd)
  | ({ readonly type: 'tool-output-error'; readonly errorText: string } & UiToolEnd)
  | {
      readonly type: 'source-url'
      readonly sourceId: string
      readonly url: string
      readonly title?: string
      readonly providerMetadata?: UiMetadata
    }
  | {
      readonly type: 'source-document'
      readonly sourceId: string
      readonly mediaType: string
      readonly title: string
      readonly filename?: string
      readonly providerMetadata?: UiMetadata
    }
  | {
      readonly type: 'file'
      readonly url: string
      readonly mediaType: string
      readonly providerMetadata?: UiMetadata
    }
  | { readonly type: typeof ITEM_PART; readonly id: string; readonly data: unknown }

/** End of a tool part. */
interface UiToolEnd {
  readonly toolCallId: string
  readonly dynamic?: true
  readonly providerExecuted?: true
  readonly providerMetadata?: UiMetadata
}

/** Why a message ends, in the words of the AI SDK. */
export type UiFinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other'

/** `message.metadata` of what a response became. */
export interface UiMessageMetadata {
  readonly responseId?: string
  readonly model?: string
  /** Unix time in seconds. */
  readonly createdAt?: number
  readonly status?: string
  /** Named as the AI SDK names them. */
  readonly usage?: {
    readonly inputTokens?: number
    readonly outputTokens?: number
    readonly totalTokens?: number
    readonly reasoningTokens?: number
    readonly cachedInputTokens?: number
  }
}

/** The part that holds an item for which the AI SDK has no part. */
export const ITEM_PART = 'data-antiphon-item'

/** Takes chunks, in order. */
export type EmitChunk = (chunk: UiChunk) => void

/** One item on its way to chunks. */
export interface ItemChunks {
  /** An event about this item, between its beginning and its end. */
  event(event: { readonly type: string; readonly [field: string]: unknown }): void
  /** The item is whole: tells what was not told. */
  done(item: object): void
  /** No more will come: ends what is open. */
  close(): void
}
