import type { InputItem, ResponseRequest } from '@antiphon/client'

/**
 * The request without reasoning items, whose encrypted content only the endpoint that made it can read, and without the ids that would tie the other items
 * to them there.
 */
export const withoutReasoning = (request: ResponseRequest): ResponseRequest => {
  if (!Array.isArray(request.input)) return request
  const input = (request.input as readonly InputItem[])
    .map(withoutOrigin)
    .filter((item) => item !== undefined)
  return { ...request, input }
}

/** An item as another endpoint may read it: without the id that ties it to the one that made it. Undefined for reasoning, which only that one can read. */
export const withoutOrigin = (item: InputItem): InputItem | undefined => {
  const { type, id, ...rest } = item as { type?: string; id?: string }
  if (type === 'reasoning') return undefined
  const tied = type === 'message' || type === 'function_call' || type === 'custom_tool_call'
  return id !== undefined && tied ? ({ type, ...rest } as unknown as InputItem) : item
}
