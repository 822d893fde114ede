import { checkMetadata } from '../check-request.ts'
import type {
  Conversation,
  CreateConversationRequest,
  DeletedConversation,
  UpdateConversationRequest,
} from '../protocol/conversations.ts'
import { callOptions, type RequestOptions } from '../request-options.ts'
import { resourcePath } from '../resource-path.ts'
import type { Sender } from '../send.ts'
import { type ConversationItems, checkItemCount, createConversationItems } from './conversation-items.ts'

/** `/conversations` of an endpoint. Not every endpoint has it; CometAPI documents only the parameter of a request. */
export interface Conversations {
  /** Begins a conversation, with at most 20 items. */
  create(params?: CreateConversationRequest, options?: RequestOptions): Promise<Conversation>
  /** Reads a conversation, without its items. */
  retrieve(id: string, options?: RequestOptions): Promise<Conversation>
  /** Replaces the metadata. */
  update(id: string, params: UpdateConversationRequest, options?: RequestOptions): Promise<Conversation>
  /** Deletes a conversation; its items stay. */
  delete(id: string, options?: RequestOptions): Promise<DeletedConversation>
  /** The items of a conversation. */
  readonly items: ConversationItems
}

/** Makes `/conversations` on a sender. */
export function createConversations(sender: () => Sender): Conversations {
  const at = (id: string): string => resourcePath('conversations', id)
  return {
    items: createConversationItems(sender),

    async create(body = {}, options = {}) {
      if (body.metadata != null) checkMetadata(body.metadata)
      checkItemCount(body.items)
      return sender().json({ method: 'POST', path: '/conversations', body, ...callOptions(options) })
    },

    async retrieve(id, options = {}) {
      return sender().json({ method: 'GET', path: at(id), ...callOptions(options) })
    },

    async update(id, body, options = {}) {
      if (body.metadata != null) checkMetadata(body.metadata)
      return sender().json({ method: 'POST', path: at(id), body, ...callOptions(options) })
    },

    async delete(id, options = {}) {
      return sender().json({ method: 'DELETE', path: at(id), ...callOptions(options) })
    },
  }
}
