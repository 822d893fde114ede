import { changeResponse } from './change-response.ts'
import { insertResponse } from './insert-response.ts'
import { areKeys, nameOf } from './keys.ts'
import { removeExpiredResponses, removeResponse } from './remove-responses.ts'
import { appendFrames, readFrames } from './response-frames.ts'
import { indexItems, responseOfItem } from './response-items.ts'
import { ResponseNews } from './response-news.ts'
import { readResponse } from './response-row.ts'
import type { ResponseStatus, ResponseStore } from './response-store.ts'
import type { ResponsesDatabase } from './responses-database.ts'
import { sqlApprovals } from './sql-approvals.ts'
import { sqlConversations } from './sql-conversations.ts'
import { abandonedResponses, takeResponse } from './take-response.ts'

/** Responses in a database. */
export const sqlResponses = (
  database: ResponsesDatabase,
): { readonly responses: ResponseStore; close(): void } => {
  const { sql, presence } = database
  const news = new ResponseNews(database)
  const told = async <T>(tenant: string, id: string, work: Promise<T>): Promise<T> => {
    const done = await work
    if (done !== false && done !== undefined) presence.wake(nameOf(tenant, id))
    return done
  }
  const responses: ResponseStore = {
    insert: (row) => insertResponse(database, row),
    get: (tenant, id) => readResponse(sql, tenant, id),
    async statusOf(tenant, id) {
      if (!areKeys(tenant, id)) return undefined
      const [row] = await sql.all<{ status: ResponseStatus }>(
        'select status from antiphon_responses where tenant = ? and id = ?',
        [tenant, id],
      )
      return row?.status
    },
    update: (tenant, id, change, when) =>
      told(tenant, id, changeResponse(database, tenant, id, change, when)),
    delete: (tenant, id) => told(tenant, id, removeResponse(database, tenant, id)),
    claim: (tenant, id) => told(tenant, id, takeResponse(database, tenant, id)),
    abandoned: (limit = 100) => abandonedResponses(database, limit),
    indexItems: (tenant, id, itemIds) => indexItems(database, tenant, id, itemIds),
    responseOfItem: (tenant, itemId) => responseOfItem(database, tenant, itemId),
    removeExpired: (now = Date.now()) => removeExpiredResponses(database, now),
    appendFrames: (tenant, id, epoch, frames) =>
      told(tenant, id, appendFrames(database, tenant, id, epoch, frames)),
    readFrames: (tenant, id, after) => readFrames(database, tenant, id, after),
    onNews: (tenant, id, awake) => news.watch(nameOf(tenant, id), awake),
    ...sqlConversations(database),
    ...sqlApprovals(database),
  }
  return { responses, close: () => news.close() }
}
