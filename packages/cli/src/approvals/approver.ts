import { approve, type Decision, type PendingCall } from 'antiphon'

/** What a person said about one call. */
type Verdict =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** This call, and every later one of the same tool. */
  | { readonly kind: 'approve all' }
  /** Nobody answered. */
  | { readonly kind: 'nobody' }
  /** Ctrl-C. */
  | { readonly kind: 'cancelled' }

/** Asks about one call. */
export type Ask = (call: PendingCall) => Promise<Verdict>

/** Decides about the calls a run waits for: all of them, or says why not. */
export type Approver = (
  pending: readonly PendingCall[],
) => Promise<readonly Decision[] | 'nobody' | 'cancelled'>

/** Approves everything that needs only a yes; outputs that a person must give stay open. */
export const approveEverything: Ask = async (call) =>
  call.kind === 'approval' ? { kind: 'decided', decision: approve(call) } : { kind: 'nobody' }

/** Nobody can be asked. */
export const askNobody: Ask = async () => ({ kind: 'nobody' })

/** Asks one call after the other; remembers for which tools everything is approved. */
export const createApprover = (ask: Ask): Approver => {
  const approved = new Set<string>()
  return async (pending) => {
    const decisions: Decision[] = []
    for (const call of pending) {
      if (call.kind === 'approval' && approved.has(call.name)) {
        decisions.push(approve(call))
        continue
      }
      const verdict = await ask(call)
      if (verdict.kind === 'nobody' || verdict.kind === 'cancelled') return verdict.kind
      if (verdict.kind === 'approve all') {
        approved.add(call.name)
        decisions.push(approve(call))
      } else decisions.push(verdict.decision)
    }
    return decisions
  }
}
