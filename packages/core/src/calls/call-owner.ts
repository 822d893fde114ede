import type { Call } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import type { ToolContext } from '../tools/tool-context.ts'

/** The run and the call behind a context: for tools of our own, which run agents inside the same run. */
export interface CallOwner {
  readonly run: RunContext
  readonly call: Call
}

const owners = new WeakMap<ToolContext, CallOwner>()

/** Remembers whose context this is. */
export const setOwner = (context: ToolContext, owner: CallOwner): void => {
  owners.set(context, owner)
}

/** Whose context this is; undefined for one made outside a run, as in a test of a tool. */
export const ownerOf = (context: ToolContext): CallOwner | undefined => owners.get(context)
