import type { LogRecord, PendingCall, WaitValue } from 'antiphon'

/** A call that a wait names. */
interface Named {
  readonly call: PendingCall
  /** The same wherever in the log the call is named. */
  readonly id: string
  readonly isOpen: boolean
}

/**
 * Calls of a run and of its sub-agents that nobody has decided, each with its `path`, in the order of the log. Whose time to decide is over counts as open until a worker has said so.
 *
 * @param records - the log, or its records of kind `wait` and `decision`, in order
 */
export const pendingCalls = (records: readonly LogRecord[]): readonly PendingCall[] => {
  const decided = new Set(records.flatMap(({ kind, key }) => (kind === 'decision' ? [key] : [])))
  const named = records.flatMap((record) => (record.kind === 'wait' ? callsOf(record, decided) : []))
  const open = new Map(named.flatMap(({ isOpen, id, call }) => (isOpen ? [[id, call] as const] : [])))
  return [...open.values()]
}

const callsOf = ({ key, value }: LogRecord, decided: ReadonlySet<string>): Named[] => {
  const above = pathOf(key)
  return (value as WaitValue).pending.map((call) => {
    const path = [...above, ...(call.path ?? [])]
    return {
      call: path.length === 0 ? call : { ...call, path },
      id: JSON.stringify([path, call.callId]),
      // A decision is recorded under the wait, so that an id which comes again in a later turn is open again.
      isOpen: !decided.has(`${key}/${call.callId}`),
    }
  })
}

/** The calls in the key of a wait: `t0/tool/call_1/t2/wait` stands under `call_1`. An id may itself hold slashes. */
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
