import type { Tool } from '../tools/tool.ts'

/** A call that a model asks for, before anything has been done with it. */
export interface GatedCall {
  readonly callId: string
  readonly name: string
  /** As the model wrote them; the input text of a custom tool. */
  readonly arguments: string
  /** Zero-based number of the turn that it belongs to. */
  readonly turn: number
  /** Undefined for a name that the agent does not know. */
  readonly tool: Tool | undefined
}

/**
 * Bounds of one caller, beside the agent's own limits: a call that is refused is answered with the reason, and the run goes on. Asked in the order in which calls are sealed, and
 * again for recorded calls when a kept run is resumed: it has to come to the same.
 */
export interface CallGate {
  /** Why the call is not to be run, as the model reads it; undefined when it may. Must not throw. */
  admit(call: GatedCall): string | undefined
  /** A provider has made a call of its own (`web_search_call`, …) inside its response. */
  onHostedCall?(itemType: string): void
  /** Calls that providers may still make. Undefined when nothing bounds them. */
  hostedCallsLeft?(): number | undefined
}
