import type { ContentPart, InputContent, PromptCacheBreakpoint, SummaryText } from './content.ts'
import type { ItemStatus } from './function-items.ts'
import type { InputItem } from './input-items.ts'
import type { ListPage } from './list-page.ts'
import type { Metadata } from './metadata.ts'
import type { OpenString } from './open.ts'
import type { OutputItem } from './output-items.ts'
import type { MessageRole } from './tool-search-items.ts'

/**
 * A conversation kept at the provider; does not expire as stored responses do.
 *
 * Source: Responses API, `ConversationResource`.
 */
export interface Conversation {
  /** `conv_…` */
  id: string
  object: 'conversation'
  /** Unix time in seconds. */
  created_at: number
  metadata?: Metadata | null
}

/** Body of `POST /conversations`. Source: Responses API, `CreateConversationBody`. */
export interface CreateConversationRequest {
  /** At most 16 pairs, keys to 64 characters, values to 512. */
  metadata?: Metadata | null
  /** At most 20. */
  items?: readonly InputItem[] | null
}

/** Body of `POST /conversations/{id}`. Source: Responses API, `UpdateConversationBody`. */
export interface UpdateConversationRequest {
  /** Replaces what was there. */
  metadata: Metadata | null
}

/** Body of `POST /conversations/{id}/items`. Source: Responses API. */
export interface CreateConversationItemsRequest {
  /** At most 20. */
  items: readonly InputItem[]
}

/** Answer of `DELETE /conversations/{id}`. Source: Responses API, `DeletedConversationResource`. */
export interface DeletedConversation {
  id: string
  object: 'conversation.deleted'
  deleted: boolean
}

/** A screenshot as a conversation keeps it. */
export interface ComputerScreenshotContent {
  type: 'computer_screenshot'
  image_url: string | null
  file_id: string | null
  detail: OpenString<'low' | 'high' | 'auto' | 'original'>
  prompt_cache_breakpoint?: PromptCacheBreakpoint | null
}

/** A message of any role as a conversation keeps it. Source: Responses API, `Message`. */
export interface ConversationMessage {
  type: 'message'
  id: string
  role: MessageRole
  content: (
    | InputContent
    | ContentPart
    | SummaryText
    | ComputerScreenshotContent
    | { type: 'text'; text: string }
  )[]
  status: ItemStatus
  phase?: OpenString<'commentary' | 'final_answer'> | null
}

/** An item of a conversation. Source: Responses API, `ConversationItem`. */
export type ConversationItem = ConversationMessage | Exclude<OutputItem, { type: 'message' }>

/** A page of the items of a conversation. Source: Responses API, `ConversationItemList`. */
export type ConversationItemPage = ListPage<ConversationItem>
