import type { Sql, SqlValue } from '@antiphon/store'
import type { z } from 'zod'
import { checked, refuse } from './refuse.ts'

/** Which part of a list is asked for. */
export interface PageQuery {
  readonly limit?: number | undefined
  readonly order?: 'asc' | 'desc' | undefined
  readonly after?: string | undefined
  readonly before?: string | undefined
}

/** A page, in the wire's words. */
export interface Page<T> {
  readonly object: 'list'
  readonly data: readonly T[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

/** The parameters of a query by a schema. @throws WireRefusal 400. */
export const readQuery = <T extends z.ZodType>(schema: T, query: URLSearchParams): z.infer<T> =>
  checked(schema, Object.fromEntries(query))

interface Listed {
  readonly id: string
  readonly created_at: number
}

/**
 * A page of the rows of a table, by when they were made.
 *
 * @param where - a condition with its values; columns and table are ours, never given from outside
 * @throws WireRefusal 400 for a cursor that is not in the list.
 */
export const pageOfRows = async <Row extends Listed, T>(
  sql: Sql,
  table: string,
  where: { readonly text: string; readonly values: readonly SqlValue[] },
  { limit = 20, order = 'desc', after, before }: PageQuery,
  show: (rows: readonly Row[]) => Promise<readonly T[]>,
): Promise<Page<T>> => {
  const place = async (id: string, param: string): Promise<Listed> => {
    const [row] = await sql.all<Listed>(
      `select id, created_at from ${table} where ${where.text} and id = ?`,
      [...where.values, id],
    )
    if (row === undefined) throw refuse.cursor(id, param)
    return row
  }
  const [from, to] = order === 'asc' ? ['>', '<'] : ['<', '>']
  const bounds: { text: string; row: Listed }[] = []
  if (after !== undefined)
    bounds.push({ text: `and (created_at, id) ${from} (?, ?)`, row: await place(after, 'after') })
  if (before !== undefined)
    bounds.push({ text: `and (created_at, id) ${to} (?, ?)`, row: await place(before, 'before') })
  const rows = await sql.all<Row>(
    `select * from ${table} where ${where.text} ${bounds.map(({ text }) => text).join(' ')} order by created_at ${order}, id ${order} limit ?`,
    [...where.values, ...bounds.flatMap(({ row }) => [row.created_at, row.id]), limit + 1],
  )
  const shown = rows.slice(0, limit)
  return {
    object: 'list',
    data: await show(shown),
    first_id: shown[0]?.id ?? null,
    last_id: shown.at(-1)?.id ?? null,
    has_more: rows.length > limit,
  }
}
