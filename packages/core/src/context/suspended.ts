import type { PendingCall } from '../approval.ts'

/** Thrown inside by a tool whose sub-agent waits for decisions: the outer call waits with it. */
export class ToolSuspended extends Error {
  readonly pending: readonly PendingCall[]
  /** JSON state of the sub-agent's run. */
  readonly state: unknown
  constructor(pending: readonly PendingCall[], state: unknown) {
    super('The sub-agent waits for decisions.')
    this.pending = pending
    this.state = state
  }
}
