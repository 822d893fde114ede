import type { ComputerCallOutput } from './computer-items.ts'
import type { ContainerReference } from './containers.ts'
import type { InputContent, OutputContent } from './content.ts'
import type { ItemStatus } from './function-items.ts'
import type { OpenString } from './open.ts'
import type { OutputItem } from './output-items.ts'
import type { ShellAction, ShellCall, ShellCallOutput } from './shell-items.ts'
import type { LocalEnvironment } from './shell-tools.ts'
import type { ToolSearchCall, ToolSearchExecution, ToolSearchOutput } from './tool-search-items.ts'

/**
 * A message in its short form.
 *
 * An assistant's message takes a string (safest over all servers) or `output_text` / `refusal` parts, the
 * others `input_*` parts.
 * Source: Responses API, `EasyInputMessage`.
 */
export interface EasyInputMessage {
  type?: 'message'
  role: 'user' | 'assistant' | 'system' | 'developer'
  content: string | (InputContent | OutputContent)[]
  /** Of assistant messages only; keep what the server said. */
  phase?: OpenString<'commentary' | 'final_answer'> | null
}

/**
 * A message to the model with its state; has an `id` when it was listed by a server.
 *
 * Source: Responses API, `InputMessage`.
 */
export interface InputMessage {
  type?: 'message'
  id?: string
  role: 'user' | 'system' | 'developer'
  content: InputContent[]
  status?: ItemStatus
}

/**
 * Points to a stored item; servers resolve it only with `store: true`.
 *
 * Source: Responses API, `ItemReferenceParam`.
 */
export interface ItemReference {
  type?: 'item_reference' | null
  id: string
}

/**
 * Asks the server to compact now; must be the last item of `input`.
 *
 * Source: Responses API, `CompactionTriggerItemParam`.
 */
export interface CompactionTrigger {
  type: 'compaction_trigger'
}

/** The screen after an action, as sent. Source: Responses API, `ComputerCallOutputItemParam`. */
export type ComputerCallOutputInput = Sent<ComputerCallOutput, 'status'>

/** A shell call as sent; its limits may be left out. Source: Responses API, `FunctionShellCallItemParam`. */
export interface ShellCallInput extends Omit<Sent<ShellCall, 'status'>, 'action' | 'environment'> {
  action: Pick<ShellAction, 'commands'> & Partial<ShellAction>
  environment?: LocalEnvironment | ContainerReference | null
}

/** What commands gave, as sent. Source: Responses API, `FunctionShellCallOutputItemParam`. */
export type ShellCallOutputInput = Sent<ShellCallOutput, 'status' | 'max_output_length'>

/** A search for tools, as sent. Source: Responses API, `ToolSearchCallItemParam`. */
export interface ToolSearchCallInput extends Omit<Sent<ToolSearchCall, 'status' | 'call_id'>, 'execution'> {
  execution?: ToolSearchExecution
}

/** Tools that you found, as sent. Source: Responses API, `ToolSearchOutputItemParam`. */
export interface ToolSearchOutputInput
  extends Omit<Sent<ToolSearchOutput, 'status' | 'call_id'>, 'execution'> {
  execution?: ToolSearchExecution
}

/**
 * Any output item as it may be sent back: its `id` may be left out.
 *
 * Leave ids out with `store: false`: servers look them up and do not find them.
 */
export type Replayed<Item> = Item extends { id: string } ? Sent<Item, never> : Item

/** An item with `id` and the given fields optional and nullable, as the contract has it for input. */
export type Sent<Item extends { id: string }, Field extends keyof Item> = Omit<Item, 'id' | Field> & {
  [Name in 'id' | Field]?: Item[Name] | null
}

/**
 * What `input` may hold: messages, references, and every output item, sent back in its order.
 *
 * An item without `type` but with `role` is a message. Source: Responses API, `InputItem`.
 */
export type InputItem =
  | EasyInputMessage
  | InputMessage
  | ItemReference
  | CompactionTrigger
  | ComputerCallOutputInput
  | ShellCallInput
  | ShellCallOutputInput
  | ToolSearchCallInput
  | ToolSearchOutputInput
  | Replayed<
      Exclude<
        OutputItem,
        { type: 'computer_call_output' | 'shell_call' | 'shell_call_output' | ToolSearchType }
      >
    >

type ToolSearchType = 'tool_search_call' | 'tool_search_output'
