import { type AnyItem, isOutputMessage } from './item-guards.ts'
import type { OutputMessage } from './output-items.ts'

/** A response, or the items of one. */
export type TextSource = { readonly output: readonly AnyItem[] } | readonly AnyItem[]

/**
 * All text the model wrote, joined without separator: every `output_text` part of every message. Refusals
 * are not text.
 */
export function outputText(source: TextSource): string {
  let text = ''
  for (const item of itemsOf(source)) if (isOutputMessage(item)) text += messageText(item)
  return text
}

/** What the model said instead of answering, joined; `undefined` when it did not refuse. */
export function refusalText(source: TextSource): string | undefined {
  let text: string | undefined
  for (const item of itemsOf(source)) {
    if (!isOutputMessage(item)) continue
    for (const part of item.content) {
      if (part?.type === 'refusal' && typeof part.refusal === 'string') text = (text ?? '') + part.refusal
    }
  }
  return text
}

/** The message that answers: the last one with `phase: 'final_answer'`, else the last one. */
export function finalMessage(source: TextSource): OutputMessage | undefined {
  const items = itemsOf(source)
  let last: OutputMessage | undefined
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index]
    if (item === undefined || !isOutputMessage(item)) continue
    if (item.phase === 'final_answer') return item
    last ??= item
  }
  return last
}

/** Text of the message that answers, without the remarks made on the way; `''` when there is none. */
export function finalText(source: TextSource): string {
  const message = finalMessage(source)
  return message === undefined ? '' : messageText(message)
}

const itemsOf = (source: TextSource): readonly AnyItem[] => {
  const items = 'output' in source ? source.output : source
  return Array.isArray(items) ? items : []
}

// Parts come from servers: text may be missing in one that was cut off, and a part may be null.
function messageText(message: OutputMessage): string {
  let text = ''
  for (const part of message.content) {
    if (part?.type === 'output_text' && typeof part.text === 'string') text += part.text
  }
  return text
}
