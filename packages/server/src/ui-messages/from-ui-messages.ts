import type { InputContent, InputItem } from '@antiphon/client'
import { isToolPart, toolPartItems } from './tool-part-items.ts'
import { ITEM_PART } from './ui-chunk.ts'
import { antiphonOf, textOf, type UiMessage, type UiPart } from './ui-message.ts'

/**
 * The messages of a page as `input`: the way back from `toUiMessageChunks`.
 *
 * Text, files, reasoning, calls with their outputs, decisions about approvals. Sources, steps and a page's own `data-*` parts say nothing to a model and are left out.
 */
export const fromUiMessages = (messages: readonly UiMessage[]): InputItem[] =>
  messages.flatMap((message, index) => {
    const parts = message.parts as readonly UiPart[]
    if (message.role === 'assistant') return assistantItems(parts, index === messages.length - 1)
    return messageItem(message.role, parts)
  })

const messageItem = (role: 'system' | 'user', parts: readonly UiPart[]): InputItem[] => {
  const content = parts.flatMap(contentOf)
  return content.length === 0 ? [] : [{ type: 'message', role, content }]
}

const contentOf = (part: UiPart): InputContent[] => {
  if (part.type === 'text') return [{ type: 'input_text', text: textOf(part.text) ?? '' }]
  return part.type === 'file' ? fileContent(part) : []
}

const fileContent = (part: UiPart): InputContent[] => {
  const url = textOf(part.url) ?? ''
  const fileId = fileIdOf(part.providerReference)
  if (/^image(\/|$)/.test(textOf(part.mediaType) ?? ''))
    return [
      {
        type: 'input_image',
        detail: 'auto',
        ...(fileId === undefined ? { image_url: url } : { file_id: fileId }),
      },
    ]
  if (fileId !== undefined) return [{ type: 'input_file', file_id: fileId }]
  const filename = textOf(part.filename)
  return [
    url.startsWith('data:')
      ? { type: 'input_file', filename: filename ?? 'file', file_data: url }
      : { type: 'input_file', file_url: url, ...(filename === undefined ? {} : { filename }) },
  ]
}

const fileIdOf = (reference: unknown): string | undefined => {
  const known = reference as { antiphon?: unknown; openai?: unknown } | null | undefined
  return textOf(known?.antiphon) ?? textOf(known?.openai)
}

const assistantItems = (parts: readonly UiPart[], isLast: boolean): InputItem[] => {
  const items: InputItem[] = []
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at] as UiPart
    if (part.type === 'text') items.push(...textItem(part))
    else if (isToolPart(part)) items.push(...toolPartItems(part, isLast))
    else if (part.type === 'reasoning') {
      const together = sameReasoning(parts, at)
      items.push(...reasoningItem(together))
      at += together.length - 1
    } else if (part.type === 'file') items.push(...imageItem(part))
    else if (part.type === ITEM_PART) items.push(...keptItem(part))
    // What the user said while the answer was written.
    else if (part.type === 'steering-message' && Array.isArray(part.parts))
      items.push(...messageItem('user', part.parts as UiPart[]))
  }
  return items
}

const textItem = (part: UiPart): InputItem[] => {
  const text = textOf(part.text) ?? ''
  const { phase, refusal } = antiphonOf(part.providerMetadata)
  if (text === '') return []
  return [
    {
      type: 'message',
      role: 'assistant',
      content: refusal === true ? [{ type: 'refusal', refusal: text }] : text,
      ...(typeof phase === 'string' ? { phase } : {}),
    },
  ]
}

/** The parts from `at` on that were one item. */
const sameReasoning = (parts: readonly UiPart[], at: number): UiPart[] => {
  const { id } = antiphonOf(parts[at]?.providerMetadata)
  let end = at + 1
  while (
    id !== undefined &&
    parts[end]?.type === 'reasoning' &&
    antiphonOf(parts[end]?.providerMetadata).id === id
  )
    end++
  return parts.slice(at, end)
}

const reasoningItem = (parts: readonly UiPart[]): InputItem[] => {
  const all = parts.map((part) => ({ text: textOf(part.text) ?? '', own: antiphonOf(part.providerMetadata) }))
  const id = textOf(all[0]?.own.id)
  // Without its item no model knows it as its own.
  if (id === undefined) return []
  const texts = (kind: string): string[] =>
    all.filter(({ own, text }) => own.part === kind && text !== '').map(({ text }) => text)
  const content = texts('content').map((text) => ({ type: 'reasoning_text' as const, text }))
  const encrypted = all.map(({ own }) => textOf(own.encrypted_content)).find((value) => value !== undefined)
  return [
    {
      type: 'reasoning',
      id,
      summary: texts('summary').map((text) => ({ type: 'summary_text', text })),
      ...(content.length === 0 ? {} : { content }),
      ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
    },
  ]
}

/** A picture that a model made; no other file of an assistant can be sent back. */
const imageItem = (part: UiPart): InputItem[] => {
  const { type, id } = antiphonOf(part.providerMetadata)
  const result = /^data:[^,]*;base64,(.*)$/s.exec(textOf(part.url) ?? '')?.[1]
  if (type !== 'image_generation_call' || typeof id !== 'string' || result === undefined) return []
  return [{ type, id, status: 'completed', result }]
}

const keptItem = ({ data }: UiPart): InputItem[] =>
  typeof (data as { type?: unknown } | null | undefined)?.type === 'string' ? [data as InputItem] : []
