import { createLogRedactor, type LogRedactor } from 'antiphon'
import { sqlFiles } from './files/sql-files.ts'
import type { Presence } from './presence.ts'
import { sqlResponses } from './responses/sql-responses.ts'
import { SqlRuns } from './runs/sql-runs.ts'
import { sqlHistory } from './sessions/history.ts'
import { sqlSessions } from './sessions/sessions.ts'
import type { OpenedSql } from './sql.ts'
import type { Store, StoreOptions } from './store.ts'

/** A store over a database; which one makes no difference from here on. */
export const createStore = (sql: OpenedSql, presence: Presence, { redact }: StoreOptions): Store => {
  const redactor = redact === undefined || isRedactor(redact) ? redact : createLogRedactor(redact)
  const transform = redactor === undefined ? asItIs : (value: unknown): unknown => redactor.value(value)
  const runs = new SqlRuns({ sql, presence, transform })
  const sessions = sqlSessions({ sql, presence, transform })
  const kept = sqlResponses({ sql, presence, ...(redactor === undefined ? {} : { transform }) })
  const closeRuns = runs.close.bind(runs)
  const close = (): Promise<void> => {
    kept.close()
    return closeRuns()
  }
  return Object.assign(runs, {
    sessions,
    responses: kept.responses,
    history: sqlHistory({ sql, transform }),
    session: sessions.session,
    files: sqlFiles({ sql, presence }),
    sql,
    owners: { own: () => presence.owner(), isAlive: (owner: string) => presence.isAlive(owner, sql) },
    close,
    [Symbol.asyncDispose]: close,
  })
}

const asItIs = (value: unknown): unknown => value

const isRedactor = (redact: NonNullable<StoreOptions['redact']>): redact is LogRedactor => 'value' in redact
