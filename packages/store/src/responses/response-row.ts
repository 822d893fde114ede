import { type HistoryPoint, JournalError } from 'antiphon'
import { isReference, loadLarge } from '../blobs.ts'
import type { SqlSession } from '../sql.ts'
import { areKeys } from './keys.ts'
import type { ResponseStatus, StoredResponse } from './response-store.ts'

/** A response as the table has it, without its owner. */
interface ResponseRow {
  readonly tenant: string
  readonly id: string
  readonly status: ResponseStatus
  readonly response: string
  readonly request: string
  readonly background: number
  readonly conversation: string | null
  readonly before_line: string | null
  readonly before_n: number
  readonly output_line: string | null
  readonly output_n: number
  readonly input_count: number
  readonly epoch: number
  readonly created_at: number
  readonly updated_at: number
  readonly expires_at: number | null
}

/** Columns of a response, without its owner. */
export const RESPONSE_COLUMNS =
  'tenant, id, status, response, request, background, conversation, before_line, before_n, output_line, output_n, input_count, epoch, created_at, updated_at, expires_at'

/** A response that has not ended: somebody has to run it. */
export const UNDER_WAY = `status in ('queued', 'in_progress')`

/** The same of a status. */
export const isUnderWay = (status: ResponseStatus): boolean => status === 'queued' || status === 'in_progress'

/** A point from its two columns. */
export const pointAt = (line: string | null, n: number): HistoryPoint | undefined =>
  line === null ? undefined : { line, n }

/** A response; undefined when there is none. */
export const readResponse = async (
  sql: SqlSession,
  tenant: string,
  id: string,
): Promise<StoredResponse | undefined> => {
  if (!areKeys(tenant, id)) return undefined
  let before: ResponseRow | undefined
  for (;;) {
    const [row] = await sql.all<ResponseRow>(
      `select ${RESPONSE_COLUMNS} from antiphon_responses where tenant = ? and id = ?`,
      [tenant, id],
    )
    if (row === undefined) return undefined
    const response = await whole(sql, row.response)
    const request = await whole(sql, row.request)
    if (response !== undefined && request !== undefined) return decode(row, response, request)
    // It was removed meanwhile, unless it still refers to what is not there.
    if (before?.response === row.response && before.request === row.request)
      throw damaged(id, 'a large value of it is gone')
    before = row
  }
}

const whole = (sql: SqlSession, text: string): string | undefined | Promise<string | undefined> =>
  isReference(text) ? loadLarge(sql, text) : text

const decode = (row: ResponseRow, response: string, request: string): StoredResponse => {
  const before = pointAt(row.before_line, row.before_n)
  const output = pointAt(row.output_line, row.output_n)
  try {
    return {
      tenant: row.tenant,
      id: row.id,
      status: row.status,
      response: JSON.parse(response) as StoredResponse['response'],
      request: JSON.parse(request) as StoredResponse['request'],
      background: row.background === 1,
      ...(row.conversation === null ? {} : { conversation: row.conversation }),
      ...(before === undefined ? {} : { before }),
      ...(output === undefined ? {} : { output }),
      inputCount: row.input_count,
      epoch: row.epoch,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    }
  } catch (cause) {
    throw damaged(row.id, 'it is not JSON', cause)
  }
}

/** What is kept of a response cannot be read. */
export const damaged = (id: string, reason: string, cause?: unknown): JournalError =>
  new JournalError('log_damaged', `Response "${id}" is damaged: ${reason}. Delete it, or restore a backup.`, {
    cause,
  })
