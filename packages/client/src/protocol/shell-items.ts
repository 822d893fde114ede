import type { ContainerReference } from './containers.ts'
import type { ItemStatus, ToolCaller } from './function-items.ts'
import type { OpenString } from './open.ts'

/** Commands to run; they may run at the same time, each with its own output. */
export interface ShellAction {
  commands: string[]
  /** In milliseconds. */
  timeout_ms: number | null
  /** In characters; copy it into the output, which the server cuts. */
  max_output_length: number | null
}

/** Where a shell call ran: on your side, or in a container. */
export type ShellEnvironment = { type: 'local' } | ContainerReference

/** The model wants commands run. Source: Responses API, `FunctionShellCall`. */
export interface ShellCall {
  type: 'shell_call'
  id: string
  call_id: string
  action: ShellAction
  status: ItemStatus
  environment: ShellEnvironment | null
  caller?: ToolCaller | null
  created_by?: string
}

/** What one command of a shell call printed and how it ended. */
export interface ShellCommandOutput {
  stdout: string
  stderr: string
  outcome: { type: 'exit'; exit_code: number } | { type: 'timeout' }
  created_by?: string
}

/**
 * What the commands gave, one entry per command, in their order.
 *
 * Source: Responses API, `FunctionShellCallOutput`.
 */
export interface ShellCallOutput {
  type: 'shell_call_output'
  id: string
  call_id: string
  output: ShellCommandOutput[]
  /** The value of the call's `action.max_output_length`. */
  max_output_length: number | null
  status: ItemStatus
  caller?: ToolCaller | null
  created_by?: string
}

/** A command to run in the older local shell. */
export interface LocalShellAction {
  type: 'exec'
  command: string[]
  env: Record<string, string>
  /** In milliseconds. */
  timeout_ms?: number | null
  working_directory?: string | null
  user?: string | null
}

/** The model wants a command run in the older local shell. Source: Responses API, `LocalShellToolCall`. */
export interface LocalShellCall {
  type: 'local_shell_call'
  id: string
  call_id: string
  action: LocalShellAction
  status: ItemStatus
}

/** What the older local shell gave. Source: Responses API, `LocalShellToolCallOutput`. */
export interface LocalShellCallOutput {
  type: 'local_shell_call_output'
  /** The `call_id` of the call: this item has no field of that name. */
  id: string
  output: string
  status?: ItemStatus | null
}

/** A change of one file. `diff` has no file header; in a new file every line begins with `+`. */
export type ApplyPatchOperation =
  | { type: 'create_file'; path: string; diff: string }
  | { type: 'update_file'; path: string; diff: string }
  | { type: 'delete_file'; path: string }

/** The model wants a file changed. Source: Responses API, `ApplyPatchToolCall`. */
export interface ApplyPatchCall {
  type: 'apply_patch_call'
  id: string
  call_id: string
  operation: ApplyPatchOperation
  status: OpenString<'in_progress' | 'completed'>
  caller?: ToolCaller | null
  created_by?: string
}

/** Whether a change was made. Source: Responses API, `ApplyPatchToolCallOutput`. */
export interface ApplyPatchCallOutput {
  type: 'apply_patch_call_output'
  id: string
  call_id: string
  status: OpenString<'completed' | 'failed'>
  /** Text for the model, at most 10,485,760 characters. */
  output?: string | null
  caller?: ToolCaller | null
  created_by?: string
}
