import type { Decision, PendingCall } from '../approval.ts'
import { JournalError } from '../errors/journal-error.ts'
import { ConfigError } from '../errors.ts'
import type { LogRecord, NewRecord, WaitValue } from './log-record.ts'

/** A call that stands in a wait record. */
interface WaitingCall {
  readonly pending: PendingCall
  /** Calls above it, outermost first: those in the key of its wait, then its own. */
  readonly path: readonly string[]
  /** Of the decision about it. */
  readonly key: string
  readonly expiresAt: number | undefined
}

/**
 * The records of decisions about calls that wait in a log.
 *
 * @param records - the log, or its records of kind `wait` and `decision`, in order
 * @param now - milliseconds since 1970
 * @throws ConfigError `invalid_decision` when a decision fits no waiting call, fits several, was made for other arguments, or a call is decided twice;
 * JournalError `decision_used` when the call was decided before, `decision_expired` when the time to decide is over.
 */
export const decisionRecords = (
  records: readonly LogRecord[],
  decisions: readonly Decision[],
  now: number,
): NewRecord[] => {
  const waiting = records.flatMap((record) => (record.kind === 'wait' ? callsOf(record) : []))
  const decided = new Set(records.flatMap(({ kind, key }) => (kind === 'decision' ? [key] : [])))
  const made = new Set<string>()
  return decisions.map((decision) => {
    const call = findCall(waiting, decided, decision)
    if (made.has(call.key))
      throw new ConfigError('invalid_decision', `Call ${decision.callId} is decided twice.`)
    if (decided.has(call.key))
      throw new JournalError(
        'decision_used',
        `Call ${decision.callId} was decided before, as ${call.key} in the log says. A decision counts once.`,
      )
    if (call.expiresAt !== undefined && now > call.expiresAt)
      throw new JournalError(
        'decision_expired',
        `The time to decide about call ${decision.callId} ended at ${new Date(call.expiresAt).toISOString()}. Resume the run: it tells the model that nobody decided.`,
      )
    made.add(call.key)
    return { key: call.key, kind: 'decision', at: now, value: within(decision, call.pending.path) }
  })
}

const callsOf = ({ key, value }: LogRecord): WaitingCall[] => {
  const { pending, expiresAt } = value as WaitValue
  const above = pathOf(key)
  return pending.map((call) => ({
    pending: call,
    path: [...above, ...(call.path ?? [])],
    key: `${key}/${call.callId}`,
    expiresAt,
  }))
}

/** The calls in a key: `t0/tool/call_1/t2/wait` stands under `call_1`. An id may itself hold slashes. */
const pathOf = (waitKey: string): string[] => {
  const path: string[] = []
  let rest = waitKey
  for (;;) {
    const found = /^t\d+\/tool\/(.*?)\/(?=t\d+\/(?:wait$|tool\/))/.exec(rest)
    if (found === null) return path
    path.push(found[1] as string)
    rest = rest.slice(found[0].length)
  }
}

const findCall = (
  waiting: readonly WaitingCall[],
  decided: ReadonlySet<string>,
  { callId, hash, path }: Decision,
): WaitingCall => {
  const named = waiting.filter(({ pending }) => pending.callId === callId)
  if (named.length === 0) {
    const open = waiting.filter(({ key }) => !decided.has(key)).map(({ pending }) => pending.callId)
    throw new ConfigError(
      'invalid_decision',
      `No call ${callId} waits in this run. Waiting: ${open.join(', ') || 'none'}.`,
    )
  }
  const same = named.filter(({ pending }) => pending.hash === hash)
  if (same.length === 0)
    throw new ConfigError(
      'invalid_decision',
      `The decision for call ${callId} was made for other arguments (its hash differs). Decide on the pending call as the run shows it.`,
    )
  const placed = path === undefined ? same : same.filter((call) => isSamePath(call.path, path))
  if (placed.length === 0)
    throw new ConfigError(
      'invalid_decision',
      `No call ${callId} waits under ${path?.join(' > ') || 'the run itself'}.`,
    )
  // A call of a sub-agent may also be named by the wait of the run above it: the one that asks is the innermost. And an id may come again in a later turn.
  const open = placed.filter(({ key }) => !decided.has(key))
  const own = open.filter(({ path: above }) => above.length === 0)
  const wanted = path === undefined && own.length > 0 ? own : open
  if (new Set(wanted.map((call) => call.path.join('\0'))).size > 1)
    throw new ConfigError(
      'invalid_decision',
      `Call ${callId} waits in several sub-agents: the decision needs the \`path\` of the pending call.`,
    )
  return innermostLast(wanted) ?? (innermostLast(placed) as WaitingCall)
}

const innermostLast = (calls: readonly WaitingCall[]): WaitingCall | undefined =>
  calls.reduce<WaitingCall | undefined>(
    (best, call) =>
      best === undefined || (call.pending.path?.length ?? 0) <= (best.pending.path?.length ?? 0)
        ? call
        : best,
    undefined,
  )

/** A decision as the run that waits sees it: without the calls above that run. */
const within = (decision: Decision, path: readonly string[] | undefined): Decision => {
  const { path: _, ...rest } = decision
  return path === undefined ? rest : { ...rest, path }
}

const isSamePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((step, n) => step === b[n])
