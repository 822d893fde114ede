import type { Annotation } from '@antiphon/client'

/**
 * An annotation as the Responses API has it: flat, from `{ type: 'url_citation', url_citation: { url, … } }` or from flat. Undefined for what is none.
 *
 * Source: Chat Completions API, `message.annotations`.
 */
export const fromChatAnnotation = (value: unknown): Annotation | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const { type, ...facts } = value as { type?: unknown; [field: string]: unknown }
  if (typeof type !== 'string') return undefined
  const nested = Object.hasOwn(facts, type) ? facts[type] : undefined
  return { type, ...(typeof nested === 'object' && nested !== null ? nested : facts) } as Annotation
}
