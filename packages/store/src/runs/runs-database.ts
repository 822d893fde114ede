import type { Presence } from '../presence.ts'
import type { OpenedSql } from '../sql.ts'

/** What everything about runs works on. */
export interface RunsDatabase {
  readonly sql: OpenedSql
  readonly presence: Presence
  /** Applied to what is written: values, what was asked, events. */
  readonly transform: (value: unknown) => unknown
}

/** Who refers to the large values of a run. */
export const blobOwner = (runId: string): string => `run:${runId}`

/** What is waited for when one follows a run. */
export const eventTopic = (runId: string): string => `events:${runId}`
