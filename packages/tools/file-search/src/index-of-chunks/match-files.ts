import type { SqlSession, SqlValue } from '@antiphon/store'
import type { ComparisonFilter, Filter } from './filter.ts'
import { plainText } from './plain-text.ts'
import { decimalsOf, textsOf } from './schema.ts'

/** Numbers of the files of a store whose attributes match. Each comparison is a statement of a fixed text with values; what they are joined by is done here. */
export const matchFiles = async (
  sql: SqlSession,
  storeNo: number,
  filter: Filter,
): Promise<ReadonlySet<number>> => {
  let all: Promise<ReadonlySet<number>> | undefined
  const allFiles = (): Promise<ReadonlySet<number>> => {
    all ??= fileNumbers(sql, 'select file_no from antiphon_chunk_files where store_no = ?', [storeNo])
    return all
  }
  const match = async (at: Filter): Promise<ReadonlySet<number>> => {
    if (at.type === 'and' || at.type === 'or') {
      const sets: ReadonlySet<number>[] = []
      for (const one of at.filters) sets.push(await match(one))
      return at.type === 'and' ? inAll(sets) : new Set(sets.flatMap((set) => [...set]))
    }
    if (at.type === 'ne')
      return without(await allFiles(), await compared(sql, storeNo, { ...at, type: 'eq' }))
    if (at.type === 'nin')
      return without(await allFiles(), await compared(sql, storeNo, { ...at, type: 'in' }))
    return compared(sql, storeNo, at as ComparisonFilter)
  }
  return match(filter)
}

const compared = async (
  sql: SqlSession,
  storeNo: number,
  { type, key, value }: ComparisonFilter,
): Promise<ReadonlySet<number>> => {
  const where = (column: Column, condition: string, values: SqlValue): Promise<ReadonlySet<number>> =>
    fileNumbers(
      sql,
      `select file_no from antiphon_chunk_attributes where store_no = ? and key = ? and ${column} ${condition}`,
      [storeNo, plainText(key), values],
    )
  if (typeof value === 'object') {
    const texts = value.filter((one) => typeof one === 'string').map(plainText)
    const numbers = value.filter((one) => typeof one === 'number')
    const byText = await where('text_value', `in ${textsOf(sql)}`, JSON.stringify(texts))
    const byNumber = await where('number_value', `in ${decimalsOf(sql)}`, JSON.stringify(numbers))
    return new Set([...byText, ...byNumber])
  }
  const sign = SIGNS[type as keyof typeof SIGNS]
  if (typeof value === 'string') return where('text_value', `${sign} ?`, plainText(value))
  if (typeof value === 'number') return where('number_value', `${sign} ?`, value)
  return where('boolean_value', `${sign} ?`, value ? 1 : 0)
}

type Column = 'text_value' | 'number_value' | 'boolean_value'

const SIGNS = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

const fileNumbers = async (
  sql: SqlSession,
  text: string,
  values: readonly SqlValue[],
): Promise<ReadonlySet<number>> =>
  new Set((await sql.all<{ file_no: number }>(text, values)).map((row) => row.file_no))

const inAll = ([first = new Set<number>(), ...others]: readonly ReadonlySet<number>[]): ReadonlySet<number> =>
  new Set([...first].filter((one) => others.every((other) => other.has(one))))

const without = (all: ReadonlySet<number>, some: ReadonlySet<number>): ReadonlySet<number> =>
  new Set([...all].filter((one) => !some.has(one)))
