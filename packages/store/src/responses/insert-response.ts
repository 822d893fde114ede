import { createHash } from 'node:crypto'
import { JournalError } from 'antiphon'
import { BLOB_FROM_CHARS, storeLarge } from '../blobs.ts'
import { pastOthers } from '../sessions/past-others.ts'
import { DuplicateRow, type SqlSession } from '../sql.ts'
import { checkKeys, nameOf, taken } from './keys.ts'
import { isUnderWay, RESPONSE_COLUMNS, readResponse } from './response-row.ts'
import type { Inserted, NewStoredResponse } from './response-store.ts'
import { type ResponsesDatabase, textOf } from './responses-database.ts'

/** Adds a response, in one step with its idempotency key: of two with the same key one is first, and the other finds it. */
export const insertResponse = async (
  database: ResponsesDatabase,
  row: NewStoredResponse,
): Promise<Inserted> => {
  checkKeys(row.tenant, row.id, ...(row.conversation === undefined ? [] : [row.conversation]))
  const { sql, presence } = database
  const response = textOf(database, row.response)
  const request = textOf(database, row.request)
  const owner = isUnderWay(row.status) ? await presence.owner() : null
  const write = async (session: SqlSession): Promise<Inserted> => {
    const existing = await takeKey(session, row)
    if (existing !== undefined) return existing
    const blobs = nameOf(row.tenant, row.id)
    await session.run(
      `insert into antiphon_responses (${RESPONSE_COLUMNS}, owner) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)`,
      [
        row.tenant,
        row.id,
        row.status,
        await storeLarge(session, blobs, response),
        await storeLarge(session, blobs, request),
        row.background ? 1 : 0,
        row.conversation ?? null,
        row.before?.line ?? null,
        row.before?.n ?? 0,
        row.output?.line ?? null,
        row.output?.n ?? 0,
        row.inputCount,
        row.createdAt,
        row.createdAt,
        row.expiresAt ?? null,
        owner,
      ],
    )
    return { kind: 'inserted' }
  }
  const isOneStatement =
    row.idempotency === undefined && Math.max(response.length, request.length) <= BLOB_FROM_CHARS
  try {
    return await (isOneStatement ? write(sql) : pastOthers(() => sql.transaction(write)))
  } catch (error) {
    throw error instanceof DuplicateRow ? taken('a response', row.id) : error
  }
}

/** What a key of the database is made of: any key fits. */
const keyHash = (key: string): string => createHash('sha256').update(key).digest('hex')

/** How often to look again when the response of a key went away in the same moment. */
const ATTEMPTS = 5

/** Takes the idempotency key of a response. What has it already, when somebody was faster. */
const takeKey = async (
  session: SqlSession,
  { tenant, id, idempotency }: NewStoredResponse,
): Promise<Inserted | undefined> => {
  if (idempotency === undefined) return undefined
  const hash = keyHash(idempotency.key)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const isFirst = await session.run(
      'insert into antiphon_idempotency (tenant, key_hash, body_hash, response_id) values (?, ?, ?, ?) on conflict (tenant, key_hash) do nothing',
      [tenant, hash, idempotency.bodyHash, id],
    )
    if (isFirst === 1) return undefined
    const [known] = await session.all<{ body_hash: string; response_id: string }>(
      'select body_hash, response_id from antiphon_idempotency where tenant = ? and key_hash = ?',
      [tenant, hash],
    )
    const existing = known === undefined ? undefined : await readResponse(session, tenant, known.response_id)
    if (known !== undefined && existing !== undefined)
      return { kind: known.body_hash === idempotency.bodyHash ? 'repeated' : 'conflict', existing }
  }
  throw new JournalError(
    'store_failed',
    `The response of an idempotency key is removed over and over. Send the request again.`,
  )
}
