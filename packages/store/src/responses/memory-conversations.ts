import { checkKeys, nameOf, taken } from './keys.ts'
import type { ResponseStore, StoredApproval, StoredConversation } from './response-store.ts'

type Method =
  | 'insertConversation'
  | 'getConversation'
  | 'setMetadata'
  | 'moveConversation'
  | 'deleteConversation'
  | 'insertApproval'
  | 'getApproval'
  | 'useApproval'

/** An approval, and who has used it. */
interface KeptApproval {
  readonly approval: StoredApproval
  used: { readonly by: string | undefined } | undefined
}

/** Conversations and approvals in this process. */
export interface MemoryConversations extends Pick<ResponseStore, Method> {
  /** Removes approvals that have expired. */
  removeExpired(now: number): void
}

/** The same as those of a database, by the names of {@link nameOf}. */
export const memoryConversations = (): MemoryConversations => {
  const conversations = new Map<string, StoredConversation>()
  const approvals = new Map<string, KeptApproval>()
  const find = (tenant: string, id: string, by: string | undefined): KeptApproval | undefined => {
    const kept = approvals.get(nameOf(tenant, id))
    // Who does not say who it is cannot come again.
    const isFree = kept?.used === undefined || (by !== undefined && kept.used.by === by)
    return isFree ? kept : undefined
  }
  return {
    async insertConversation({ tenant, id, metadata, createdAt }) {
      checkKeys(tenant, id)
      const name = nameOf(tenant, id)
      if (conversations.has(name)) throw taken('a conversation', id)
      conversations.set(name, { tenant, id, metadata: { ...metadata }, createdAt })
    },
    async getConversation(tenant, id) {
      const kept = conversations.get(nameOf(tenant, id))
      return kept === undefined ? undefined : { ...kept, metadata: { ...kept.metadata } }
    },
    async setMetadata(tenant, id, metadata) {
      const name = nameOf(tenant, id)
      const kept = conversations.get(name)
      if (kept === undefined) return false
      conversations.set(name, { ...kept, metadata: { ...metadata } })
      return true
    },
    async moveConversation(tenant, id, from, to) {
      const name = nameOf(tenant, id)
      const kept = conversations.get(name)
      if (kept === undefined || kept.head?.line !== from?.line || kept.head?.n !== from?.n) return false
      const { head: _, ...rest } = kept
      conversations.set(name, to === undefined ? rest : { ...rest, head: { line: to.line, n: to.n } })
      return true
    },
    deleteConversation: async (tenant, id) => conversations.delete(nameOf(tenant, id)),
    async insertApproval(approval) {
      const { tenant, id } = approval
      checkKeys(tenant, id)
      if (approvals.has(nameOf(tenant, id))) throw taken('an approval', id)
      approvals.set(nameOf(tenant, id), { approval: { ...approval }, used: undefined })
    },
    async getApproval(tenant, id, by) {
      const kept = find(tenant, id, by)
      return kept === undefined ? undefined : { ...kept.approval }
    },
    async useApproval(tenant, id, by) {
      const kept = find(tenant, id, by)
      if (kept === undefined) return false
      kept.used = { by }
      return true
    },
    removeExpired(now) {
      for (const [name, { approval }] of approvals)
        if (approval.expiresAt !== undefined && approval.expiresAt <= now) approvals.delete(name)
    },
  }
}
