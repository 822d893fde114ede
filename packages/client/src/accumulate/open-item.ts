/** A part of an item while its events come. */
export interface OpenPart {
  type: string
  text?: string
  refusal?: string
  annotations?: unknown[]
  logprobs?: unknown[]
  [field: string]: unknown
}

/** An item while its events come: a copy of what was announced, for the fold to write on. */
export interface OpenItem {
  type: string
  id?: string
  content?: OpenPart[] | null
  summary?: OpenPart[]
  [field: string]: unknown
}

/** True for anything that can be read as an item or a part; their types are open. */
export const isTyped = (value: unknown): value is OpenItem =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** A copy whose lists may be written on; what is nested deeper is never written. */
export const copyPart = <Part extends OpenPart>(part: Part): Part => {
  if (!isTyped(part)) return part
  const copy = { ...part }
  if (Array.isArray(part.annotations)) copy.annotations = [...part.annotations]
  if (Array.isArray(part.logprobs)) copy.logprobs = [...part.logprobs]
  return copy
}

/** A copy of an item whose parts and commands may be written on. */
export const copyItem = (item: OpenItem): OpenItem => {
  const copy = { ...item }
  if (Array.isArray(item.content)) copy.content = item.content.map(copyPart)
  if (Array.isArray(item.summary)) copy.summary = item.summary.map(copyPart)
  const { action } = item as { action?: unknown }
  if (typeof action === 'object' && action !== null && Array.isArray((action as ShellAction).commands)) {
    copy.action = { ...action, commands: [...(action as ShellAction).commands] }
  }
  return copy
}

/** The copy of an announced item. Its `encrypted_content` is left out: it is whole only in the finished item. */
export const openItem = (item: OpenItem): OpenItem => {
  const copy = copyItem(item)
  if ('encrypted_content' in copy) delete copy.encrypted_content
  return copy
}

interface ShellAction {
  commands: unknown[]
}

const BEGUN = { status: 'in_progress' }

/** An item that was never announced, as far as the kind of its first event tells. */
export const unannouncedItem = (type: string, id: unknown): OpenItem => {
  const named = { type, id: typeof id === 'string' ? id : '' }
  switch (type) {
    case 'message':
      return { ...named, role: 'assistant', ...BEGUN, content: [] }
    case 'reasoning':
      return { ...named, summary: [] }
    case 'function_call':
      return { ...named, call_id: '', name: '', arguments: '', ...BEGUN }
    case 'custom_tool_call':
      return { ...named, call_id: '', name: '', input: '' }
    case 'mcp_call':
      return { ...named, server_label: '', name: '', arguments: '' }
    case 'code_interpreter_call':
      return { ...named, container_id: '', code: '', outputs: null, ...BEGUN }
    case 'shell_call':
      return {
        ...named,
        call_id: '',
        action: { commands: [], timeout_ms: null, max_output_length: null },
        environment: null,
        ...BEGUN,
      }
    default:
      return named
  }
}
