import type { EventBase, ItemEventBase, Obfuscated } from './event-parts.ts'
import type { ShellCommandOutput } from './shell-items.ts'

/** Text to append to the arguments of a function call. */
export interface FunctionCallArgumentsDeltaEvent extends ItemEventBase, Obfuscated {
  type: 'response.function_call_arguments.delta'
  delta: string
}

/** The whole arguments of a function call, as JSON text. */
export interface FunctionCallArgumentsDoneEvent extends ItemEventBase {
  type: 'response.function_call_arguments.done'
  arguments: string
  /** Name of the function; older servers omit it. */
  name?: string
}

/** Text to append to the input of a custom tool call. */
export interface CustomToolCallInputDeltaEvent extends ItemEventBase, Obfuscated {
  type: 'response.custom_tool_call_input.delta'
  delta: string
}

/** The whole input of a custom tool call. */
export interface CustomToolCallInputDoneEvent extends ItemEventBase {
  type: 'response.custom_tool_call_input.done'
  input: string
}

/** Text to append to the arguments of an MCP call. */
export interface McpCallArgumentsDeltaEvent extends ItemEventBase, Obfuscated {
  type: 'response.mcp_call_arguments.delta'
  delta: string
}

/** The whole arguments of an MCP call, as JSON text. */
export interface McpCallArgumentsDoneEvent extends ItemEventBase {
  type: 'response.mcp_call_arguments.done'
  arguments: string
}

/** Text to append to the code of a code interpreter call. */
export interface CodeInterpreterCallCodeDeltaEvent extends ItemEventBase, Obfuscated {
  type: 'response.code_interpreter_call_code.delta'
  delta: string
}

/** The whole code of a code interpreter call. */
export interface CodeInterpreterCallCodeDoneEvent extends ItemEventBase {
  type: 'response.code_interpreter_call_code.done'
  code: string
}

/** A picture on its way, as base64. */
export interface ImageGenerationCallPartialImageEvent extends ItemEventBase {
  type: 'response.image_generation_call.partial_image'
  partial_image_b64: string
  /** Counts the partial images from 0. */
  partial_image_index: number
  size?: string
  quality?: string
  background?: string
  output_format?: string
}

/** An event about one command of a shell call; these name no `item_id`. */
export interface ShellCommandEventBase extends EventBase {
  output_index: number
  /** Place of the command in `action.commands`, from 0. */
  command_index: number
}

/** A command of a shell call begins. */
export interface ShellCallCommandAddedEvent extends ShellCommandEventBase {
  type: 'response.shell_call_command.added'
  command: string
}

/** Text to append to a command of a shell call. */
export interface ShellCallCommandDeltaEvent extends ShellCommandEventBase, Obfuscated {
  type: 'response.shell_call_command.delta'
  delta: string
}

/** A command of a shell call is whole. */
export interface ShellCallCommandDoneEvent extends ShellCommandEventBase {
  type: 'response.shell_call_command.done'
  command: string
}

/** Output of a command to append. */
export interface ShellCallOutputContentDeltaEvent extends ItemEventBase {
  type: 'response.shell_call_output_content.delta'
  command_index: number
  delta: { stdout?: string | null; stderr?: string | null }
}

/** The whole output of a command. */
export interface ShellCallOutputContentDoneEvent extends ItemEventBase {
  type: 'response.shell_call_output_content.done'
  command_index: number
  output: ShellCommandOutput[]
}

/** Events that build a call piece by piece. */
export type CallEvent =
  | FunctionCallArgumentsDeltaEvent
  | FunctionCallArgumentsDoneEvent
  | CustomToolCallInputDeltaEvent
  | CustomToolCallInputDoneEvent
  | McpCallArgumentsDeltaEvent
  | McpCallArgumentsDoneEvent
  | CodeInterpreterCallCodeDeltaEvent
  | CodeInterpreterCallCodeDoneEvent
  | ImageGenerationCallPartialImageEvent
  | ShellCallCommandAddedEvent
  | ShellCallCommandDeltaEvent
  | ShellCallCommandDoneEvent
  | ShellCallOutputContentDeltaEvent
  | ShellCallOutputContentDoneEvent
