import type { InputItem } from '@antiphon/client'
import { ServeError } from '../request/serve-error.ts'
import { fromUiMessages } from './from-ui-messages.ts'
import { isToolPart } from './tool-part-items.ts'
import { textOf, type UiMessage, type UiPart } from './ui-message.ts'
import type { UiStreamOptions } from './ui-translator.ts'

/** What a page asks. */
export interface ChatRequest {
  /** Id of the chat, when the page gave one. */
  readonly chatId: string | undefined
  /** The whole chat. */
  readonly input: InputItem[]
  /** How the answer goes on in the page's last message. */
  readonly stream: UiStreamOptions
  /** The body as it came, for what a page adds of its own. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Reads the body that `useChat` posts: `{ id, messages, … }`. Throws a 400 `ServeError` that names what is wrong. */
export const readChatRequest = (body: unknown): ChatRequest => {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid(null, 'The body must be an object with `messages`.')
  const { id, messages } = body as { id?: unknown; messages?: unknown }
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid('messages', '`messages` must be a list of UI messages, and not empty.')
  for (const [index, message] of messages.entries()) checkMessage(message, `messages[${index}]`)
  const input = fromUiMessages(messages as UiMessage[])
  if (input.length === 0) throw invalid('messages', '`messages` hold nothing that a model could read.')
  return {
    chatId: textOf(id),
    input,
    stream: continued((messages as UiMessage[]).at(-1)),
    body: body as Record<string, unknown>,
  }
}

const ROLES: readonly unknown[] = ['system', 'user', 'assistant']

const checkMessage = (message: unknown, at: string): void => {
  const { role, parts } = (message ?? {}) as { role?: unknown; parts?: unknown }
  if (!ROLES.includes(role)) throw invalid(`${at}.role`, `\`${at}.role\` must be system, user or assistant.`)
  if (!Array.isArray(parts)) throw invalid(`${at}.parts`, `\`${at}.parts\` must be a list.`)
  for (const [index, part] of parts.entries())
    if (typeof (part as { type?: unknown } | null)?.type !== 'string')
      throw invalid(`${at}.parts[${index}].type`, `\`${at}.parts[${index}].type\` must be a string.`)
}

const continued = (last: UiMessage | undefined): UiStreamOptions => {
  if (last?.role !== 'assistant') return {}
  const tools = (last.parts as readonly UiPart[]).filter(isToolPart)
  const ids = (parts: readonly UiPart[]): string[] =>
    parts.map(({ toolCallId }) => textOf(toolCallId)).filter((id) => id !== undefined)
  const isDenied = ({ state, approval }: UiPart): boolean =>
    state === 'approval-responded' && (approval as { approved?: unknown } | undefined)?.approved === false
  return {
    ...(last.id ? { messageId: last.id } : {}),
    knownCalls: ids(tools),
    deniedCalls: ids(tools.filter(isDenied)),
  }
}

const invalid = (param: string | null, message: string): ServeError =>
  new ServeError(400, { message, type: 'invalid_request_error', param, code: 'invalid_chat_request' })
