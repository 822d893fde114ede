import type { HistoryPoint } from 'antiphon'
import { appendAtEnd, appendInNewLine, dropTurn, encodeTurn } from './append-turn.ts'
import type { Item } from './item.ts'
import { pastOthers } from './past-others.ts'
import { checkPoint } from './point-unknown.ts'
import { readItems, readTurn } from './read-turns.ts'
import type { HistoryDatabase } from './sessions-database.ts'

/** What was added to a history at once. */
export interface HistoryTurn {
  readonly items: Item[]
  /** Items of the turns before it. */
  readonly before: number
}

/**
 * Histories that grow and branch, by the points they have reached. Adding costs what is added, and a turn is read at the same cost wherever it stands; histories that
 * branch share what lies before.
 */
export interface KeptHistory {
  /**
   * Adds items after a point, or begins a history. From a point that has a follower already the history branches: both go on.
   *
   * @throws JournalError `point_unknown`, `store_failed`.
   */
  append(at: HistoryPoint | undefined, items: readonly Item[]): Promise<HistoryPoint>
  /**
   * All items up to a point, in order.
   *
   * @throws JournalError `point_unknown`, `log_damaged`, `store_failed`.
   */
  read(at: HistoryPoint): Promise<Item[]>
  /** The turn at a point alone; that of an earlier `n` is the earlier turn of the same history. Same errors. */
  readTurn(at: HistoryPoint): Promise<HistoryTurn>
}

/** Histories in a database. */
export const sqlHistory = (database: HistoryDatabase): KeptHistory => {
  const { sql } = database
  return {
    async append(at, items) {
      if (at !== undefined) checkPoint(at)
      const turn = await encodeTurn(database, items)
      try {
        return (
          (at === undefined ? undefined : await appendAtEnd(sql, at, turn, 'free')) ??
          (await pastOthers(() => sql.transaction((session) => appendInNewLine(session, at, turn, 'free'))))
        )
      } catch (error) {
        await dropTurn(database, turn)
        throw error
      }
    },
    read: (at) => readItems(sql, at),
    async readTurn(at) {
      const { list, total, count } = await readTurn(sql, at)
      return { items: list, before: total - count }
    },
  }
}
