/** A part of a UI message, as a page sends it; nothing of it is sure but its `type`. */
export interface UiPart {
  readonly type: string
  readonly [field: string]: unknown
}

/** A message as `useChat` keeps it; a `UIMessage` of the AI SDK is one. Source: AI SDK, `UIMessage`. */
export interface UiMessage {
  readonly id?: string
  readonly role: 'system' | 'user' | 'assistant'
  readonly parts: readonly { readonly type: string }[]
}

/** What we have written into a part's metadata; empty for a part that is not ours. */
export const antiphonOf = (metadata: unknown): Readonly<Record<string, unknown>> => {
  const own = (metadata as { antiphon?: unknown } | null | undefined)?.antiphon
  return typeof own === 'object' && own !== null ? (own as Record<string, unknown>) : {}
}

/** The text, or nothing. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
