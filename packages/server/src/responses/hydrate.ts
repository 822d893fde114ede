import type { InputItem, ResponseRequest } from '@antiphon/client'
import type { StoredConversation } from '@antiphon/store'
import type { HistoryPoint } from 'antiphon'
import { itemWithoutSecrets } from '../request/without-secrets.ts'
import { forUpstream } from './history-heads.ts'
import { ownInput } from './own-input.ts'
import { refusals } from './refusals.ts'
import type { Responder } from './responder.ts'

/** A request with all that came before it. */
export interface Hydrated {
  /** What the upstream is sent. */
  readonly items: readonly InputItem[]
  /** The items of those that came before. */
  readonly earlier: readonly InputItem[]
  /** The request's own input, as it is stored: without secrets. */
  readonly own: readonly InputItem[]
  readonly before?: HistoryPoint
  readonly conversation?: StoredConversation
}

/** Items of responses that were not stored, by the id of the response: those of one WebSocket connection. */
export type LocalResponses = ReadonlyMap<string, { readonly items: readonly InputItem[] }>

/**
 * Finds what a request goes on from.
 *
 * @throws ServeError 400 `previous_response_not_found`, 404 for a conversation that is not there, 400 for a response that has not ended or an item that is not there.
 */
export const hydrate = async (
  responder: Responder,
  tenant: string,
  request: Pick<ResponseRequest, 'input' | 'previous_response_id' | 'conversation'>,
  local?: LocalResponses,
): Promise<Hydrated> => {
  const stored = ownInput(request.input)
  const own = stored.some(isReference) ? await resolve(responder, tenant, stored) : stored
  const { previous_response_id: previous, conversation } = request
  if (previous) {
    const kept = local?.get(previous)
    if (kept !== undefined) return whole(kept.items, own)
    const row = await responder.responses.get(tenant, previous)
    if (row === undefined) throw refusals.previousNotFound(previous)
    if (row.output === undefined) throw refusals.previousNotEnded(previous, row.status)
    return { ...whole(await responder.heads.read(row.output), own), before: row.output }
  }
  if (conversation) {
    const id = typeof conversation === 'string' ? conversation : conversation.id
    const found = await responder.responses.getConversation(tenant, id)
    if (found === undefined) throw refusals.notFound('Conversation', id)
    const { head } = found
    return {
      ...whole(await responder.heads.read(head), own),
      conversation: found,
      ...(head === undefined ? {} : { before: head }),
    }
  }
  return whole([], own)
}

const whole = (earlier: readonly InputItem[], own: readonly InputItem[]): Hydrated => ({
  earlier,
  own: own.map(itemWithoutSecrets),
  items: [...earlier, ...own.map(forUpstream)],
})

const isReference = (item: InputItem): boolean => (item as { type?: string }).type === 'item_reference'

/** Puts the items in the place of what refers to them. */
const resolve = async (
  responder: Responder,
  tenant: string,
  items: readonly InputItem[],
): Promise<InputItem[]> => {
  const found = new Map<string, InputItem>()
  const resolved: InputItem[] = []
  for (const item of items) {
    if (!isReference(item)) {
      resolved.push(item)
      continue
    }
    const { id } = item as { id: string }
    if (!found.has(id)) await findItem(responder, tenant, id, found)
    const known = found.get(id)
    if (known === undefined) throw refusals.itemNotFound(id)
    resolved.push(known)
  }
  return resolved
}

const findItem = async (
  { responses, history }: Responder,
  tenant: string,
  id: string,
  found: Map<string, InputItem>,
): Promise<void> => {
  const responseId = await responses.responseOfItem(tenant, id)
  const row = responseId === undefined ? undefined : await responses.get(tenant, responseId)
  if (row?.output === undefined) return
  const { items } = await history.readTurn(row.output)
  for (const item of items as InputItem[]) {
    const { id: known } = item as { id?: unknown }
    if (typeof known === 'string') found.set(known, item)
  }
}
