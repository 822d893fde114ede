import type { Presence } from '../presence.ts'
import type { Sql } from '../sql.ts'

/** What responses are kept in. */
export interface ResponsesDatabase {
  readonly sql: Sql
  readonly presence: Presence
  /** Applied to what is written: responses, requests, events. Undefined when nothing is to be taken out. */
  readonly transform?: (value: unknown) => unknown
}

/** A value as the tables have it. */
export const textOf = ({ transform }: Pick<ResponsesDatabase, 'transform'>, value: unknown): string =>
  JSON.stringify(transform === undefined ? value : transform(value))
