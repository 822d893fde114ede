import type { OutputItem } from '@antiphon/client'

interface LooseItem {
  type: string
  status?: unknown
  content?: unknown
}

/** An item with the fields that both OpenAI's and Open Responses' readers count on, where a server has left them out. Unknown items stay as they are. */
export const completeItem = (item: OutputItem): OutputItem => {
  const { type, content } = item as unknown as LooseItem
  if (type !== 'message' || !Array.isArray(content)) return item
  return { ...item, content: content.map(completePart) } as OutputItem
}

/** The same for a part of a message. */
export const completePart = (part: unknown): unknown => {
  const { type, annotations, logprobs } = part as {
    type?: unknown
    annotations?: unknown
    logprobs?: unknown
  }
  if (type !== 'output_text' || (Array.isArray(annotations) && Array.isArray(logprobs))) return part
  return {
    ...(part as object),
    annotations: Array.isArray(annotations) ? annotations : [],
    logprobs: Array.isArray(logprobs) ? logprobs : [],
  }
}
