import type { InputItem, OutputItem, Response } from '@antiphon/client'
import { historyOf, toKept } from 'antiphon'

/** Calls that are answered by who reads the response, and half of one is none. */
const CALLS: ReadonlySet<string> = new Set([
  'function_call',
  'custom_tool_call',
  'mcp_call',
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
])

/** The output of a response as the next one goes on from it: calls that were cut off are not in it, for nobody will ever answer them. */
export const historyItems = ({ output, status }: Pick<Response, 'output' | 'status'>): InputItem[] =>
  (status === 'completed' ? output : output.filter((item) => !isHalfCall(item))).map(toKept) as InputItem[]

const isHalfCall = (item: OutputItem): boolean => {
  const { type, status } = item as { type: string; status?: unknown }
  return CALLS.has(type) && status !== 'completed' && historyOf(item) === undefined
}
