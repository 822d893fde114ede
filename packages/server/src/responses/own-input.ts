import { randomBytes } from 'node:crypto'
import type { InputItem, ResponseRequest } from '@antiphon/client'

/** The items of a request's own input, each with a type and an id, as they are stored and listed. */
export const ownInput = (input: ResponseRequest['input']): InputItem[] => {
  if (input === undefined || input === null) return []
  if (typeof input === 'string') {
    const content = [{ type: 'input_text', text: input }]
    return [{ type: 'message', id: newId('msg'), role: 'user', status: 'completed', content } as InputItem]
  }
  return (input as readonly InputItem[]).map(asStored)
}

/** An item of a client, as it is stored: with its type, and an id where it has none. */
export const asStored = (item: InputItem): InputItem => {
  const { type, id } = item as { type?: string; id?: unknown }
  if (type === 'item_reference') return item
  if (type !== undefined && typeof id === 'string' && id !== '') return item
  const own = type === undefined ? { type: 'message', ...item } : { ...item }
  if (own.type === 'message') return messageOf(own as LooseMessage)
  return {
    ...own,
    id: typeof id === 'string' && id !== '' ? id : newId(prefixOf(type ?? 'message')),
  } as InputItem
}

interface LooseMessage {
  readonly id?: unknown
  readonly role?: string
  readonly content?: unknown
  readonly status?: unknown
}

const messageOf = (item: LooseMessage): InputItem => {
  const { id, role, content, status } = item
  const isAnswer = role === 'assistant'
  const part = (text: string): object =>
    isAnswer ? { type: 'output_text', text, annotations: [], logprobs: [] } : { type: 'input_text', text }
  return {
    ...item,
    id: typeof id === 'string' && id !== '' ? id : newId('msg'),
    status: status ?? 'completed',
    content: typeof content === 'string' ? [part(content)] : content,
  } as InputItem
}

const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'cto',
  reasoning: 'rs',
  mcp_call: 'mcp',
  mcp_approval_request: 'mcpr',
  mcp_approval_response: 'mcpa',
  compaction: 'cmp',
}

const prefixOf = (type: string): string => PREFIXES[type] ?? 'item'

const ID_BYTES = 20
/** Random bytes for the next ids: asking the system for each costs ten times as much. None is used twice. */
let pool: Buffer = Buffer.alloc(0)
let used = 0

/** An id that nobody can guess. */
export const newId = (prefix: string): string => {
  if (used === pool.length) {
    pool = randomBytes(ID_BYTES * 128)
    used = 0
  }
  used += ID_BYTES
  return `${prefix}_${pool.toString('hex', used - ID_BYTES, used)}`
}
