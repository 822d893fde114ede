import type { FunctionCallOutput, OutputItem } from '@antiphon/client'
import type { ToolOutcome } from '../events/events.ts'

/** A call of a tool, as a view shows it. */
export interface ShownCall {
  /** Of the item that shows it: `idPrefix`, `_`, and what is the same whenever the call is told. */
  readonly id: string
  readonly callId: string
  /** Of the function that the model called. */
  readonly name: string
  /** As the model wrote them; not checked. */
  readonly arguments: string
  /** A person approved it: the id of the item that asked. */
  readonly approvalRequestId?: string
}

/** A call that has its output. */
export interface AnsweredShownCall extends ShownCall {
  readonly outcome: ToolOutcome
  /** What the model gets. */
  readonly output: FunctionCallOutput['output']
  /** What the tool gave beside it (`toolOutput({ details })`): what the item is made of. Undefined when it did not come to that. */
  readonly details: unknown
}

/** An event of an item: its type and its fields, `item_id` among them where the wire has it. `output_index` and `sequence_number` are added. */
export interface ItemEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * How calls of a tool appear to callers, in the place of a function call: as an item of its own type, with its own events. Pure: the same call is shown again after a crash, and must
 * look the same then.
 */
export interface ItemView {
  /** Of the ids of its items, such as `ws`. */
  readonly idPrefix: string
  /** The item as it is announced, and the events that follow at once. */
  begin(call: ShownCall): { readonly item: OutputItem; readonly events: readonly ItemEvent[] }
  /** What a report of `ctx.progress()` shows. */
  progress?(call: ShownCall, progress: unknown): readonly ItemEvent[]
  /** The last events of the item, the item when it is done, and items that stand right behind it, such as its output. */
  end(call: AnsweredShownCall): {
    readonly events: readonly ItemEvent[]
    readonly item: OutputItem
    readonly after?: readonly OutputItem[]
  }
  /** How a request for approval names the call. @defaultValue the agent's name, and the tool's */
  readonly approvalAs?: { readonly serverLabel: string; readonly name: string }
}
