import { type Page, readPage } from '../page.ts'
import { ParameterError } from '../parameter-error.ts'
import type {
  Conversation,
  ConversationItem,
  ConversationItemPage,
  CreateConversationItemsRequest,
} from '../protocol/conversations.ts'
import type { ListQuery } from '../protocol/list-page.ts'
import { callOptions, type RequestOptions, type RetrieveOptions } from '../request-options.ts'
import { idSegment, resourcePath } from '../resource-path.ts'
import type { Sender } from '../send.ts'

/** `/conversations/{id}/items` of an endpoint. */
export interface ConversationItems {
  /** Adds at most 20 items; answers with them as stored. */
  create(
    conversationId: string,
    params: CreateConversationItemsRequest,
    options?: RetrieveOptions,
  ): Promise<ConversationItemPage>
  /** Lists the items, newest first unless told otherwise. */
  list(conversationId: string, params?: ListQuery, options?: RequestOptions): Promise<Page<ConversationItem>>
  /** Reads one item. */
  retrieve(conversationId: string, itemId: string, options?: RetrieveOptions): Promise<ConversationItem>
  /** Takes one item out; answers with the conversation. */
  delete(conversationId: string, itemId: string, options?: RequestOptions): Promise<Conversation>
}

/** Most items that one request may add to a conversation. Source: Responses API, `CreateConversationBody`. */
const maxItems = 20

/** Checks that a request adds at most 20 items. */
export function checkItemCount(items: readonly unknown[] | null | undefined): void {
  if (items != null && items.length > maxItems) {
    throw new ParameterError(
      'items',
      `Expected \`items\` to have at most ${maxItems} entries, got \`${items.length}\`. Add the rest with conversations.items.create().`,
    )
  }
}

/** Makes `/conversations/{id}/items` on a sender. */
export function createConversationItems(sender: () => Sender): ConversationItems {
  const itemsOf = (conversationId: string): string => resourcePath('conversations', conversationId, 'items')
  const itemAt = (conversationId: string, itemId: string): string =>
    resourcePath('conversations', conversationId, 'items', idSegment('itemId', itemId))

  return {
    async create(conversationId, body, options = {}) {
      checkItemCount(body.items)
      const query = { 'include[]': options.include }
      return sender().json({
        method: 'POST',
        path: itemsOf(conversationId),
        query,
        body,
        ...callOptions(options),
      })
    },

    async list(conversationId, params = {}, options = {}) {
      const path = itemsOf(conversationId)
      return readPage(params, (query) =>
        sender().json<ConversationItemPage>({ method: 'GET', path, query, ...callOptions(options) }),
      )
    },

    async retrieve(conversationId, itemId, options = {}) {
      const query = { 'include[]': options.include }
      return sender().json({
        method: 'GET',
        path: itemAt(conversationId, itemId),
        query,
        ...callOptions(options),
      })
    },

    async delete(conversationId, itemId, options = {}) {
      return sender().json({
        method: 'DELETE',
        path: itemAt(conversationId, itemId),
        ...callOptions(options),
      })
    },
  }
}
