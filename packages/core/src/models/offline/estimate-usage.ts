import type { OutputItem, ResponseRequest, ResponseUsage } from '@antiphon/client'

/** Characters that this model counts as one token. */
export const CHARS_PER_TOKEN = 4

const tokensOf = (chars: number): number => Math.ceil(chars / CHARS_PER_TOKEN)

/**
 * Estimates usage from lengths, so that budgets work without a tokenizer. `sizes` remembers each object of a history, which
 * is measured once however often it is sent.
 */
export const estimateUsage = (
  request: ResponseRequest,
  output: readonly OutputItem[],
  sizes: WeakMap<object, number>,
): ResponseUsage => {
  const measure = (value: unknown): number => {
    if (typeof value === 'string') return value.length
    if (typeof value !== 'object' || value === null) return 0
    const known = sizes.get(value)
    if (known !== undefined) return known
    const size = JSON.stringify(value)?.length ?? 0
    sizes.set(value, size)
    return size
  }
  const sum = (values: unknown): number =>
    Array.isArray(values)
      ? values.reduce((total: number, value) => total + measure(value), 0)
      : measure(values)
  const input = tokensOf(sum(request.input) + sum(request.instructions) + sum(request.tools))
  const made = tokensOf(output.reduce((total, item) => total + spoken(item).length, 0))
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: made,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + made,
  } as ResponseUsage
}

/** The characters of an item that the model wrote. */
export const spoken = (item: OutputItem): string => {
  if (item.type === 'function_call') return `${item.name}${item.arguments}`
  if (item.type !== 'message') return ''
  const part = item.content[0]
  return part !== undefined && 'text' in part && typeof part.text === 'string' ? part.text : ''
}
