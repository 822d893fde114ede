import { DuplicateRow } from '../sql.ts'
import { areKeys, checkKeys, taken } from './keys.ts'
import { damaged, pointAt } from './response-row.ts'
import type { ResponseStore } from './response-store.ts'
import { type ResponsesDatabase, textOf } from './responses-database.ts'

type ConversationMethod =
  | 'insertConversation'
  | 'getConversation'
  | 'setMetadata'
  | 'moveConversation'
  | 'deleteConversation'

interface ConversationRow {
  readonly metadata: string
  readonly line: string | null
  readonly n: number
  readonly created_at: number
}

/** Conversations: each a row that points into a history. */
export const sqlConversations = (database: ResponsesDatabase): Pick<ResponseStore, ConversationMethod> => {
  const { sql } = database
  return {
    async insertConversation({ tenant, id, metadata, createdAt }) {
      checkKeys(tenant, id)
      try {
        await sql.run(
          'insert into antiphon_conversations (tenant, id, metadata, n, created_at) values (?, ?, ?, 0, ?)',
          [tenant, id, textOf(database, metadata), createdAt],
        )
      } catch (error) {
        throw error instanceof DuplicateRow ? taken('a conversation', id) : error
      }
    },
    async getConversation(tenant, id) {
      if (!areKeys(tenant, id)) return undefined
      const [row] = await sql.all<ConversationRow>(
        'select metadata, line, n, created_at from antiphon_conversations where tenant = ? and id = ?',
        [tenant, id],
      )
      if (row === undefined) return undefined
      const head = pointAt(row.line, row.n)
      return {
        tenant,
        id,
        metadata: metadataOf(id, row.metadata),
        ...(head === undefined ? {} : { head }),
        createdAt: row.created_at,
      }
    },
    setMetadata: async (tenant, id, metadata) =>
      areKeys(tenant, id) &&
      (await sql.run('update antiphon_conversations set metadata = ? where tenant = ? and id = ?', [
        textOf(database, metadata),
        tenant,
        id,
      ])) > 0,
    moveConversation: async (tenant, id, from, to) =>
      areKeys(tenant, id) &&
      (await sql.run(
        `update antiphon_conversations set line = ?, n = ? where tenant = ? and id = ? and coalesce(line, '') = ? and n = ?`,
        [to?.line ?? null, to?.n ?? 0, tenant, id, from?.line ?? '', from?.n ?? 0],
      )) > 0,
    deleteConversation: async (tenant, id) =>
      areKeys(tenant, id) &&
      (await sql.run('delete from antiphon_conversations where tenant = ? and id = ?', [tenant, id])) > 0,
  }
}

const metadataOf = (id: string, text: string): Record<string, string> => {
  try {
    return JSON.parse(text) as Record<string, string>
  } catch (cause) {
    throw damaged(id, 'its metadata is not JSON', cause)
  }
}
