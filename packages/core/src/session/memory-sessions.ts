import type { InputItem } from '@antiphon/client'
import { withOwnIds } from '../history/own-ids.ts'
import type { OpenSession, Session, SessionOpenOptions, SessionOptions } from './session.ts'
import { waitInLine } from './session-queue.ts'
import { checkSessionId, sessionRefusals } from './session-refusals.ts'
import type { SessionSummary, Sessions } from './sessions.ts'

/** What one run added. Each knows the one before it, so that branches share. */
interface Turn {
  readonly items: readonly InputItem[]
  readonly before: Turn | undefined
  readonly n: number
  /** Items up to here. */
  readonly total: number
}

/** A run that has opened the session. */
interface SeenRun {
  readonly head: Turn | undefined
  appended: boolean
}

interface Kept {
  readonly id: string
  readonly createdAt: number
  updatedAt: number
  head: Turn | undefined
  /** The one that holds it; an object of its own for each time it is opened. */
  holder: { readonly runId: string } | undefined
  readonly runs: Map<string, SeenRun>
  readonly waiting: Set<() => void>
}

/** Sessions in this process: they end with it. */
export const memorySessions = (): Sessions => {
  const all = new Map<string, Kept>()
  const make = (id: string, head?: Turn): Kept => {
    const now = Date.now()
    const kept: Kept = {
      id,
      createdAt: now,
      updatedAt: now,
      head,
      holder: undefined,
      runs: new Map(),
      waiting: new Set(),
    }
    all.set(id, kept)
    return kept
  }
  return {
    session: (id, options) => sessionOf(checkSessionId(id), () => all.get(id) ?? make(id), options),
    list: async ({ after, limit = 100 } = {}) =>
      [...all.keys()]
        .filter((id) => after === undefined || id > after)
        .sort((a, b) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map((id) => summaryOf(all.get(id) as Kept)),
    get: async (id) => {
      const kept = all.get(id)
      return kept === undefined ? undefined : summaryOf(kept)
    },
    read: async (id) => itemsOf(all.get(id)?.head),
    fork: async (id, newId, { at } = {}) => {
      const kept = all.get(id)
      if (kept === undefined) throw sessionRefusals.unknown(id)
      if (all.has(checkSessionId(newId))) throw sessionRefusals.exists(newId)
      const turns = kept.head?.n ?? 0
      if (at !== undefined && !(Number.isInteger(at) && at >= 0 && at <= turns))
        throw sessionRefusals.noSuchTurn(id, at, turns)
      let head = kept.head
      while (head !== undefined && head.n > (at ?? turns)) head = head.before
      make(newId, head)
    },
    delete: async (id) => {
      const holder = all.get(id)?.holder
      if (holder !== undefined) throw sessionRefusals.busy(id, holder.runId)
      return all.delete(id)
    },
  }
}

/** One session in this process, for a program that needs no more. */
export const memorySession = (options?: SessionOptions): Session =>
  memorySessions().session('session', options)

const sessionOf = (id: string, find: () => Kept, options: SessionOptions = {}): Session => ({
  id,
  open: async (runId, open = {}) => {
    const kept = find()
    const seen = kept.runs.get(runId)
    if (seen?.appended === true && open.resumed === true) return over(seen)
    const { holder } = kept
    if (holder === undefined || (holder.runId === runId && open.takeOver === true))
      return hold(kept, runId, open)
    if (options.onBusy !== 'wait') throw sessionRefusals.busy(id, holder.runId)
    const { waitMs = 60_000 } = options
    return waitInLine(
      kept.waiting,
      { waitMs, signal: open.signal },
      () => hold(kept, runId, open),
      () => sessionRefusals.busy(id, kept.holder?.runId ?? holder.runId, waitMs),
    )
  },
})

/** For a run that has added its items: it needs to hold nothing any more. */
const over = ({ head }: SeenRun): OpenSession => ({
  items: itemsOf(head),
  append: async () => undefined,
  release: async () => undefined,
})

const hold = (kept: Kept, runId: string, { resumed }: SessionOpenOptions): OpenSession => {
  const holder = { runId }
  const release = (): void => {
    if (kept.holder !== holder) return
    kept.holder = undefined
    const [next] = kept.waiting
    next?.()
  }
  const known = kept.runs.get(runId)
  kept.holder = holder
  if (known?.appended === true) {
    release()
    if (resumed === true) return over(known)
    throw sessionRefusals.conflict(kept.id, runId)
  }
  const run = known !== undefined && resumed === true ? known : { head: kept.head, appended: false }
  kept.runs.set(runId, run)
  return {
    items: itemsOf(run.head),
    append: async (items) => {
      if (run.appended) return
      if (kept.holder !== holder) throw sessionRefusals.taken(kept.id, runId)
      run.appended = true
      const { head } = kept
      kept.head = {
        // What others have added meanwhile, this run has not seen.
        items: withOwnIds(items, itemsOf(head, run.head)),
        before: head,
        n: (head?.n ?? 0) + 1,
        total: (head?.total ?? 0) + items.length,
      }
      kept.updatedAt = Date.now()
    },
    release: async () => release(),
  }
}

const itemsOf = (head: Turn | undefined, after?: Turn): InputItem[] => {
  const turns: Turn[] = []
  for (let turn = head; turn !== undefined && turn !== after; turn = turn.before) turns.push(turn)
  return turns.reverse().flatMap((turn) => turn.items)
}

const summaryOf = ({ id, head, createdAt, updatedAt, holder }: Kept): SessionSummary => ({
  id,
  turns: head?.n ?? 0,
  items: head?.total ?? 0,
  createdAt,
  updatedAt,
  ...(holder === undefined ? {} : { runId: holder.runId }),
})
