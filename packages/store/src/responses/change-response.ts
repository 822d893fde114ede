import { BLOB_FROM_CHARS, storeLarge } from '../blobs.ts'
import { forUpdate, type SqlSession, type SqlValue } from '../sql.ts'
import { areKeys, nameOf } from './keys.ts'
import type { ChangeCondition, ResponseChange } from './response-store.ts'
import { type ResponsesDatabase, textOf } from './responses-database.ts'

/** Part of a statement with its values. */
interface Fragment {
  readonly text: string
  readonly values: readonly SqlValue[]
}

/** Changes a response when it stands as expected, in one statement that says both. False when it does not. */
export const changeResponse = async (
  database: ResponsesDatabase,
  tenant: string,
  id: string,
  change: ResponseChange,
  when: ChangeCondition = {},
): Promise<boolean> => {
  if (!areKeys(tenant, id) || when.status?.length === 0) return false
  const { sql } = database
  const where = conditionOf(tenant, id, when)
  const write = (session: SqlSession, response: string | undefined): Promise<number> => {
    const set = assignments(change, response)
    return session.run(`update antiphon_responses set ${set.text} where ${where.text}`, [
      ...set.values,
      ...where.values,
    ])
  }
  const response = change.response === undefined ? undefined : textOf(database, change.response)
  const changed =
    response === undefined || response.length <= BLOB_FROM_CHARS
      ? await write(sql, response)
      : await sql.transaction(async (session) => {
          // First the row, then the large value: whoever removes them does so in this order, too.
          const found = await session.all(
            `select 1 as found from antiphon_responses where ${where.text}${forUpdate(session)}`,
            where.values,
          )
          if (found.length === 0) return 0
          return write(session, await storeLarge(session, nameOf(tenant, id), response))
        })
  return changed > 0
}

const conditionOf = (tenant: string, id: string, { status, epoch }: ChangeCondition): Fragment => ({
  text: `tenant = ? and id = ?${epoch === undefined ? '' : ' and epoch = ?'}${
    status === undefined ? '' : ` and status in (${status.map(() => '?').join(', ')})`
  }`,
  values: [tenant, id, ...(epoch === undefined ? [] : [epoch]), ...(status ?? [])],
})

const assignments = ({ status, output, expiresAt }: ResponseChange, response?: string): Fragment => {
  const columns: [string, SqlValue][] = [['updated_at', Date.now()]]
  if (status !== undefined) columns.push(['status', status])
  if (response !== undefined) columns.push(['response', response])
  if (output !== undefined) columns.push(['output_line', output.line], ['output_n', output.n])
  if (expiresAt !== undefined) columns.push(['expires_at', expiresAt])
  return {
    text: columns.map(([column]) => `${column} = ?`).join(', '),
    values: columns.map(([, value]) => value),
  }
}
