import { callHash, type Decision } from '../approval.ts'
import { ConfigError } from '../errors.ts'
import { checkState, type RunState, type SavedCall } from './run-state.ts'

/** A call that waits, in a state or in the state of a sub-agent inside it. */
interface Waiting {
  callId: string
  hash: string
  /** Calls above it, outermost first. */
  path: readonly string[]
  /** The call of the outermost state that it is, or that it lies in. */
  top: SavedCall
}

/**
 * Finds for each decision the call it is about. The result names calls of this state; decisions for calls of a sub-agent are gathered under the call that runs it,
 * with one step of their path taken off.
 *
 * @throws ConfigError `invalid_state` when a call is not the one its hash was made for; `invalid_decision` when a decision fits no waiting call, fits several, or
 * a call is decided twice.
 */
export const matchDecisions = (
  state: RunState,
  decisions: readonly Decision[],
): ReadonlyMap<SavedCall, readonly Decision[]> => {
  const waiting = state.calls.flatMap((saved) => waitingIn(saved, [], saved))
  const taken = new Set<Waiting>()
  const matched = new Map<SavedCall, Decision[]>()
  for (const decision of decisions) {
    const found = findCall(waiting, decision)
    if (taken.has(found))
      throw new ConfigError('invalid_decision', `Call ${decision.callId} is decided twice.`)
    taken.add(found)
    const own = matched.get(found.top) ?? []
    own.push(found.path.length === 0 ? decision : { ...decision, path: found.path.slice(1) })
    matched.set(found.top, own)
  }
  return matched
}

const waitingIn = (saved: SavedCall, path: readonly string[], top: SavedCall): Waiting[] => {
  if (saved.status === 'done') return []
  if (saved.nested !== undefined) {
    const inside = [...path, saved.item.call_id]
    return checkState(saved.nested).calls.flatMap((inner) => waitingIn(inner, inside, top))
  }
  checkHash(saved)
  const { callId, hash } = saved.pending
  return [{ callId, hash, path, top }]
}

/** The item is what runs, the pending call is what was shown: both must be what the hash was made for. */
const checkHash = ({ item, pending }: SavedCall & { status: 'pending' }): void => {
  const text = item.type === 'custom_tool_call' ? item.input : item.arguments
  if (
    callHash(pending.name, pending.arguments) === pending.hash &&
    item.name === pending.name &&
    text === pending.arguments &&
    item.call_id === pending.callId
  )
    return
  throw new ConfigError(
    'invalid_state',
    `The state was changed: call ${pending.callId} (${pending.name}) does not match its hash.`,
  )
}

const findCall = (waiting: readonly Waiting[], decision: Decision): Waiting => {
  const { callId, hash, path } = decision
  const named = waiting.filter((call) => call.callId === callId)
  if (named.length === 0)
    throw new ConfigError(
      'invalid_decision',
      `No call ${callId} waits in this state. Waiting: ${waiting.map((call) => call.callId).join(', ') || 'none'}.`,
    )
  const same = named.filter((call) => call.hash === hash)
  if (same.length === 0)
    throw new ConfigError(
      'invalid_decision',
      `The decision for call ${callId} was made for other arguments (its hash differs). Decide on \`result.stop.pending\` of this very state.`,
    )
  const wanted = path ?? []
  const exact = same.find((call) => isSamePath(call.path, wanted))
  if (exact !== undefined) return exact
  if (path === undefined && same.length === 1) return same[0] as Waiting
  throw new ConfigError(
    'invalid_decision',
    path === undefined
      ? `Call ${callId} waits in several sub-agents: the decision needs the \`path\` of the pending call.`
      : `No call ${callId} waits under ${path.join(' > ') || 'the run itself'}.`,
  )
}

const isSamePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((step, n) => step === b[n])
