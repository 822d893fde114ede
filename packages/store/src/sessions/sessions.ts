import { checkSessionId, type Sessions, sessionRefusals } from 'antiphon'
import { deleteSession } from './delete-session.ts'
import { SessionHolder } from './hold.ts'
import { pastOthers } from './past-others.ts'
import { findTurn, readItems } from './read-turns.ts'
import { findSession, insertSession, listSessions, pointOf, summaryOf } from './session-row.ts'
import type { SessionsDatabase } from './sessions-database.ts'

/** Sessions in a database. */
export const sqlSessions = (database: SessionsDatabase): Sessions => {
  const { sql } = database
  const holder = new SessionHolder(database)
  return {
    session: (id, options = {}) => {
      checkSessionId(id)
      return { id, open: (runId, open = {}) => holder.open(id, options, runId, open) }
    },
    async list({ after = '', limit = 100 } = {}) {
      return (await listSessions(sql, after, limit)).map(summaryOf)
    },
    async get(id) {
      const row = await findSession(sql, id)
      return row === undefined ? undefined : summaryOf(row)
    },
    read: (id) =>
      pastOthers(async () => {
        const row = await findSession(sql, id)
        const at = row === undefined ? undefined : pointOf(row)
        return at === undefined ? [] : readItems(sql, at)
      }),
    fork: (id, newId, { at } = {}) =>
      pastOthers(() =>
        // What is found has to be there still when the new session names it.
        sql.transaction(async (session) => {
          const row = await findSession(session, id, { lock: true })
          if (row === undefined) throw sessionRefusals.unknown(id)
          checkSessionId(newId)
          const turns = at ?? row.n
          if (!(Number.isInteger(turns) && turns >= 0 && turns <= row.n))
            throw sessionRefusals.noSuchTurn(id, turns, row.n)
          const head = pointOf(row)
          const place = head === undefined || turns === 0 ? undefined : await findTurn(session, head, turns)
          if (!(await insertSession(session, newId, place))) throw sessionRefusals.exists(newId)
        }),
      ),
    delete: (id) =>
      pastOthers(async () => {
        for (;;) {
          const row = await findSession(sql, id)
          if (row === undefined) return false
          if (await holder.isHeld(row)) throw sessionRefusals.busy(id, row.run_id ?? '')
          if (await sql.transaction((session) => deleteSession(session, row))) return true
        }
      }),
  }
}
