import type { InputItem } from '@antiphon/client'
import type { RunContext } from '../context/run-context.ts'
import { JournalError } from '../errors/journal-error.ts'
import { ConfigError } from '../errors.ts'
import type { RunStart, SessionStart } from '../journal/log-record.ts'
import type { OpenSession, Session } from '../session/session.ts'

/** A session that a run has open. */
export interface JoinedSession {
  /** Adds the items of the run, its input included; once. */
  add(): Promise<void>
  release(): Promise<void>
}

const KEY = 'session'

/**
 * Opens the session of a run and puts its history before the input; undefined for a run without one. `hasHistory` says that the run goes on from a state, which holds all
 * of that already. A kept run records what it saw, and sees the same when it is resumed.
 */
export const joinSession = async (
  run: RunContext,
  hasHistory: boolean,
): Promise<JoinedSession | undefined> => {
  const { journal, runId } = run
  const start = journal?.recorded('run')?.value as RunStart | undefined
  const known = journal?.recorded(KEY)?.value as SessionStart | undefined
  // A branch of another run has the items in its log, and is not part of the session.
  if (start?.parent !== undefined) {
    if (known !== undefined) begin(run, known.items ?? [], known)
    return undefined
  }
  const session = sessionOf(run, start)
  if (session === undefined) return undefined
  const opened = await session.open(runId, {
    signal: run.signal,
    // What keeps the log of the run has made sure that nobody else writes it.
    ...(journal === undefined ? { resumed: hasHistory } : { resumed: true, takeOver: true }),
  })
  try {
    await journal?.step(KEY, async () => startOf(opened), { kind: 'session', composed: true })
    if (!hasHistory) begin(run, known?.items ?? opened.items, known)
  } catch (error) {
    await opened.release()
    throw error
  }
  // A run that has ended has added its items; the session may be another one since.
  let added = journal?.recorded('end') !== undefined
  return {
    async add() {
      if (added) return
      added = true
      await opened.append(run.history.items.slice(run.before))
    },
    release: () => opened.release(),
  }
}

const begin = (run: RunContext, items: readonly InputItem[], known: SessionStart | undefined): void => {
  if (known !== undefined && known.count !== items.length)
    throw new JournalError(
      'point_unknown',
      `Run ${run.runId} began after ${known.count} items of its session, which does not have them any more. Start a new run.`,
    )
  run.before = items.length
  run.start += items.length
  run.history.prepend(items)
  run.requests.beginAfter(run.history.items.slice(0, items.length))
}

const startOf = ({ items, at }: OpenSession): SessionStart => ({
  count: items.length,
  ...(at === undefined ? { items } : { at }),
})

/** The session that was given; for a run that is resumed without, the one of its log. */
const sessionOf = (run: RunContext, start: RunStart | undefined): Session | undefined => {
  const { session, store } = run.options
  const id = start?.session
  if (session === undefined) {
    if (id === undefined) return undefined
    const found = store?.session?.(id, { onBusy: 'wait' })
    if (found !== undefined) return found
    throw new ConfigError(
      'invalid_config',
      `Run ${run.runId} began on session "${id}": resume it with { session }.`,
    )
  }
  if (id === undefined ? run.journal?.replaying === true : id !== session.id)
    throw new JournalError(
      'run_conflict',
      `Run ${run.runId} began ${id === undefined ? 'without a session' : `on session "${id}"`}, not on "${session.id}". Resume it as it began.`,
    )
  return session
}
