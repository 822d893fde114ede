import { createHash } from 'node:crypto'

/** A call that waits outside the run. JSON-safe. */
export interface PendingCall {
  /** What is awaited: a yes or no (`approval`), or an output that only the caller can produce (`output`). */
  kind: 'approval' | 'output'
  callId: string
  name: string
  /** The arguments as the model wrote them; for other client-side calls, the whole item as JSON. */
  arguments: string
  /** SHA-256 (hex) over name and arguments. A decision must carry it, so that it cannot be used for anything else. */
  hash: string
  /** Type of the item that waits: `function_call`, `custom_tool_call`, `mcp_approval_request`, `shell_call`, … */
  itemType: string
  /** Calls of the agents above, outermost first, when a sub-agent waits. */
  path?: readonly string[]
}

/** The call that a decision is about. */
export interface DecisionTarget {
  callId: string
  hash: string
  /** As in the pending call; needed where calls of several sub-agents share an id. */
  path?: readonly string[]
}

/** What somebody decided about one pending call. Build it with `approve`, `reject` or `answer`. */
export type Decision = DecisionTarget &
  (
    | {
        decision: 'approve'
        /** Replaces the model's arguments. */
        arguments?: unknown
      }
    | { decision: 'reject'; reason?: string }
    | { decision: 'answer'; output: unknown }
  )

/** Binds a decision to exactly this call. */
export const callHash = (name: string, args: string): string =>
  createHash('sha256').update(name).update('\0').update(args).digest('hex')

const targetOf = ({ callId, hash, path }: PendingCall): DecisionTarget => ({
  callId,
  hash,
  ...(path === undefined ? {} : { path }),
})

/** Lets the call run, with the model's arguments or with edited ones. */
export const approve = (call: PendingCall, edited?: { arguments: unknown }): Decision =>
  edited === undefined
    ? { ...targetOf(call), decision: 'approve' }
    : { ...targetOf(call), decision: 'approve', arguments: edited.arguments }

/** Does not let the call run; the model is told, with the reason. */
export const reject = (call: PendingCall, reason?: string): Decision => ({
  ...targetOf(call),
  decision: 'reject',
  ...(reason === undefined ? {} : { reason }),
})

/** Gives the output of a call that only the caller can execute. */
export const answer = (call: PendingCall, output: unknown): Decision => ({
  ...targetOf(call),
  decision: 'answer',
  output,
})
