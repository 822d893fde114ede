import type { InputItem } from '@antiphon/client'
import type { StoredConversation } from '@antiphon/store'
import type { HistoryPoint } from 'antiphon'
import type { Responder } from './responder.ts'

/** How often to try again when somebody else has added to the conversation. */
const ATTEMPTS = 50

/** Adds items at the end of a conversation, past others that do so at the same time. Undefined when it is not there any more. */
export const moveConversation = async (
  { responses, heads }: Pick<Responder, 'responses' | 'heads'>,
  { tenant, id, head }: StoredConversation,
  added: readonly InputItem[],
): Promise<HistoryPoint | undefined> => {
  let from = head
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const to = await heads.append(from, await heads.read(from), added)
    if (await responses.moveConversation(tenant, id, from, to)) return to
    const now = await responses.getConversation(tenant, id)
    if (now === undefined) return undefined
    from = now.head
  }
  throw new Error(`Conversation ${id} is written by too many at once.`)
}
