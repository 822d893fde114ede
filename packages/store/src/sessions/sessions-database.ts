import type { Presence } from '../presence.ts'
import type { Sql } from '../sql.ts'

/** What histories are kept in. */
export interface HistoryDatabase {
  readonly sql: Sql
  /** Applied to items before they are written. */
  readonly transform: (value: unknown) => unknown
}

/** What sessions are kept in. */
export interface SessionsDatabase extends HistoryDatabase {
  readonly presence: Presence
}

/** What is waited for when a session is busy. */
export const sessionTopic = (id: string): string => `session:${id}`
