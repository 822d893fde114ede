import type { ReasoningItem } from '@antiphon/client'
import type { JsonObject } from 'antiphon'
import type { EmitChunk, ItemChunks } from './ui-chunk.ts'

type Kind = 'summary' | 'content'

interface Part {
  readonly id: string
  readonly kind: Kind
  told: number
  isOpen: boolean
}

/** What a model thought: every part of the summary and of the raw text as one reasoning part. The last one carries what is needed to send the item back. */
export const reasoningChunks = (
  index: number,
  reasoning: Partial<ReasoningItem>,
  emit: EmitChunk,
): ItemChunks => {
  const parts = new Map<string, Part>()
  let last: Part | undefined
  let encrypted: string | undefined

  const end = (part: Part): void => {
    if (!part.isOpen) return
    part.isOpen = false
    const antiphon: JsonObject = {
      type: 'reasoning',
      part: part.kind,
      ...(reasoning.id ? { id: reasoning.id } : {}),
      ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
    }
    emit({ type: 'reasoning-end', id: part.id, providerMetadata: { antiphon } })
  }
  const open = (kind: Kind, at: number): Part => {
    const key = `${kind}-${at}`
    const known = parts.get(key)
    if (known !== undefined) return known
    // The one before stays open until here: only the item's end tells whether it was the last.
    if (last !== undefined) end(last)
    last = { id: `reasoning-${index}-${key}`, kind, told: 0, isOpen: true }
    parts.set(key, last)
    emit({ type: 'reasoning-start', id: last.id })
    return last
  }
  const tell = (kind: Kind, at: number, delta: unknown): void => {
    const part = open(kind, at)
    if (typeof delta !== 'string' || delta === '' || !part.isOpen) return
    part.told += delta.length
    emit({ type: 'reasoning-delta', id: part.id, delta })
  }
  const whole = (kind: Kind, at: number, text: unknown): void => {
    if (typeof text === 'string') tell(kind, at, text.slice(open(kind, at).told))
  }

  return {
    event: (event) => {
      const at = Number(event.summary_index ?? event.content_index ?? 0)
      const part = event.part as { text?: unknown } | undefined
      switch (event.type) {
        case 'response.reasoning_summary_text.delta':
          return tell('summary', at, event.delta)
        case 'response.reasoning_summary_text.done':
          return whole('summary', at, event.text)
        case 'response.reasoning_summary_part.added':
        case 'response.reasoning_summary_part.done':
          return whole('summary', at, part?.text)
        case 'response.reasoning_text.delta':
        case 'response.reasoning.delta':
          return tell('content', at, event.delta)
        case 'response.reasoning_text.done':
        case 'response.reasoning.done':
          return whole('content', at, event.text)
        case 'response.content_part.added':
        case 'response.content_part.done':
          return whole('content', at, part?.text)
      }
    },
    done: (item) => {
      const { summary, content, encrypted_content } = item as Partial<ReasoningItem>
      for (const [at, part] of (summary ?? []).entries()) whole('summary', at, part.text)
      for (const [at, part] of (content ?? []).entries()) whole('content', at, part.text)
      if (!encrypted_content) return
      encrypted = encrypted_content
      // Nothing to read, but something to send back.
      if (last === undefined) open('summary', 0)
    },
    close: () => {
      if (last !== undefined) end(last)
    },
  }
}
