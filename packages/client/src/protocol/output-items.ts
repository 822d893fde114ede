import type { CompactionItem } from './compaction-item.ts'
import type { ComputerCall, ComputerCallOutput } from './computer-items.ts'
import type { OutputContent, ReasoningText, SummaryText } from './content.ts'
import type {
  CustomToolCall,
  CustomToolCallOutput,
  FunctionCall,
  FunctionCallOutput,
  ItemStatus,
} from './function-items.ts'
import type {
  CodeInterpreterCall,
  FileSearchCall,
  ImageGenerationCall,
  WebSearchCall,
} from './hosted-items.ts'
import type { McpApprovalRequest, McpApprovalResponse, McpCall, McpListTools } from './mcp-items.ts'
import type { ExtensionType, OpenString } from './open.ts'
import type { Program, ProgramOutput } from './program-items.ts'
import type {
  ApplyPatchCall,
  ApplyPatchCallOutput,
  LocalShellCall,
  LocalShellCallOutput,
  ShellCall,
  ShellCallOutput,
} from './shell-items.ts'
import type { AdditionalTools, ToolSearchCall, ToolSearchOutput } from './tool-search-items.ts'

/**
 * A message of the assistant.
 *
 * A turn may hold several. Source: Responses API, `OutputMessage`.
 */
export interface OutputMessage {
  type: 'message'
  id: string
  role: 'assistant'
  /** May be empty. */
  content: OutputContent[]
  status: ItemStatus
  /** Says whether the text is a remark on the way or the answer; keep it when sending the message back. */
  phase?: OpenString<'commentary' | 'final_answer'> | null
}

/**
 * What the model thought.
 *
 * Belongs to the item that follows it: send both back or neither. Source: Responses API, `ReasoningItem`.
 */
export interface ReasoningItem {
  type: 'reasoning'
  id: string
  summary: SummaryText[]
  /** Raw reasoning, where the model shows it. */
  content?: ReasoningText[] | null
  /** Bound to organisation, endpoint and model. Whole only in `response.output_item.done`. */
  encrypted_content?: string | null
  status?: ItemStatus
}

/** An item of a kind that is in no contract, or in a beta; passed on untouched. */
export interface UnknownItem {
  type: ExtensionType | 'agent_message' | 'multi_agent_call' | 'multi_agent_call_output'
  [field: string]: unknown
}

/** An item that the contract describes, 28 kinds in all. */
export type KnownOutputItem =
  | OutputMessage
  | ReasoningItem
  | FunctionCall
  | FunctionCallOutput
  | CustomToolCall
  | CustomToolCallOutput
  | WebSearchCall
  | FileSearchCall
  | CodeInterpreterCall
  | ImageGenerationCall
  | ComputerCall
  | ComputerCallOutput
  | LocalShellCall
  | LocalShellCallOutput
  | ShellCall
  | ShellCallOutput
  | ApplyPatchCall
  | ApplyPatchCallOutput
  | McpListTools
  | McpCall
  | McpApprovalRequest
  | McpApprovalResponse
  | ToolSearchCall
  | ToolSearchOutput
  | AdditionalTools
  | Program
  | ProgramOutput
  | CompactionItem

/** What `response.output` holds; `switch (item.type)` narrows it. Source: Responses API, `OutputItem`. */
export type OutputItem = KnownOutputItem | UnknownItem

/** The `type` of every item that the contract describes. */
export const OUTPUT_ITEM_TYPES = [
  'message',
  'reasoning',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'computer_call',
  'computer_call_output',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_call',
  'mcp_approval_request',
  'mcp_approval_response',
  'tool_search_call',
  'tool_search_output',
  'additional_tools',
  'program',
  'program_output',
  'compaction',
] as const satisfies readonly KnownOutputItem['type'][]
