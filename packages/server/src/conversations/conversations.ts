import type { InputItem } from '@antiphon/client'
import type { StoredConversation } from '@antiphon/store'
import { toShown } from 'antiphon'
import { moveConversation } from '../responses/move-conversation.ts'
import { asStored, newId } from '../responses/own-input.ts'
import { type ItemList, type PageQuery, pageOf } from '../responses/page-of.ts'
import { refusals } from '../responses/refusals.ts'
import type { Responder } from '../responses/responder.ts'

/** A conversation as the wire has it. */
export interface ConversationResource {
  readonly id: string
  readonly object: 'conversation'
  readonly created_at: number
  readonly metadata: Readonly<Record<string, string>>
}

const resourceOf = ({ id, createdAt, metadata }: StoredConversation): ConversationResource => ({
  id,
  object: 'conversation',
  created_at: Math.floor(createdAt / 1_000),
  metadata,
})

/** Begins a conversation, with items or without. */
export const createConversation = async (
  responder: Responder,
  tenant: string,
  {
    metadata,
    items,
  }: { metadata?: Readonly<Record<string, string>> | null; items?: readonly InputItem[] | null },
): Promise<ConversationResource> => {
  const row = { tenant, id: newId('conv'), metadata: metadata ?? {}, createdAt: Date.now() }
  await responder.responses.insertConversation(row)
  if (items && items.length > 0) await moveConversation(responder, row, items.map(asStored))
  return resourceOf(row)
}

/** @throws ServeError 404. */
const findConversation = async (
  { responses }: Responder,
  tenant: string,
  id: string,
): Promise<StoredConversation> => {
  const found = await responses.getConversation(tenant, id)
  if (found === undefined) throw refusals.notFound('Conversation', id)
  return found
}

/** @throws ServeError 404. */
export const getConversation = async (
  responder: Responder,
  tenant: string,
  id: string,
): Promise<ConversationResource> => resourceOf(await findConversation(responder, tenant, id))

/** @throws ServeError 404. */
export const updateConversation = async (
  responder: Responder,
  tenant: string,
  id: string,
  metadata: Readonly<Record<string, string>>,
): Promise<ConversationResource> => {
  if (!(await responder.responses.setMetadata(tenant, id, metadata)))
    throw refusals.notFound('Conversation', id)
  return getConversation(responder, tenant, id)
}

/** Removes a conversation; its items stay with the responses that brought them. @throws ServeError 404. */
export const deleteConversation = async (
  { responses }: Responder,
  tenant: string,
  id: string,
): Promise<{ readonly id: string; readonly object: 'conversation.deleted'; readonly deleted: true }> => {
  if (!(await responses.deleteConversation(tenant, id))) throw refusals.notFound('Conversation', id)
  return { id, object: 'conversation.deleted', deleted: true }
}

const itemsOf = async ({ history }: Responder, { head }: StoredConversation): Promise<InputItem[]> =>
  head === undefined ? [] : ((await history.read(head)) as InputItem[])

/** Adds items at the end. @throws ServeError 404. */
export const addItems = async (
  responder: Responder,
  tenant: string,
  id: string,
  items: readonly InputItem[],
): Promise<ItemList> => {
  const conversation = await findConversation(responder, tenant, id)
  const added = items.map(asStored)
  if ((await moveConversation(responder, conversation, added)) === undefined)
    throw refusals.notFound('Conversation', id)
  return pageOf(added, { limit: added.length, order: 'asc' })
}

/** Lists items, the newest first unless asked otherwise. @throws ServeError 404. */
export const listItems = async (
  responder: Responder,
  tenant: string,
  id: string,
  query: PageQuery,
): Promise<ItemList> => pageOf(await itemsOf(responder, await findConversation(responder, tenant, id)), query)

/** @throws ServeError 404 for the conversation or the item. */
export const getItem = async (
  responder: Responder,
  tenant: string,
  id: string,
  itemId: string,
): Promise<InputItem> => {
  const items = await itemsOf(responder, await findConversation(responder, tenant, id))
  const found = items.find((item) => (item as { id?: unknown }).id === itemId)
  if (found === undefined) throw refusals.notFound('Item', itemId)
  return toShown(found)
}

/** How often to try again when somebody else has added to the conversation. */
const ATTEMPTS = 20

/** Takes an item out. What lies behind it is written anew, which is dear, and seldom asked for. @throws ServeError 404, 409. */
export const deleteItem = async (
  responder: Responder,
  tenant: string,
  id: string,
  itemId: string,
): Promise<ConversationResource> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const conversation = await findConversation(responder, tenant, id)
    const items = await itemsOf(responder, conversation)
    const left = items.filter((item) => (item as { id?: unknown }).id !== itemId)
    if (left.length === items.length) throw refusals.notFound('Item', itemId)
    const head = left.length === 0 ? undefined : await responder.heads.append(undefined, [], left)
    if (await responder.responses.moveConversation(tenant, id, conversation.head, head))
      return resourceOf(conversation)
  }
  throw refusals.busy('Conversation', id)
}
