import type { Annotation, OutputMessage } from '@antiphon/client'
import type { EmitChunk, ItemChunks, UiMetadata } from './ui-chunk.ts'

interface Part {
  readonly id: string
  told: number
  isOpen: boolean
}

/** A message: its texts and refusals as text parts, its citations as sources. */
export const messageChunks = (
  index: number,
  message: Partial<OutputMessage>,
  emit: EmitChunk,
): ItemChunks => {
  const parts = new Map<number, Part>()
  const cited = new Set<string>()

  const open = (at: number, isRefusal: boolean): Part => {
    const known = parts.get(at)
    if (known !== undefined) return known
    const part: Part = { id: `text-${index}-${at}`, told: 0, isOpen: true }
    parts.set(at, part)
    emit({ type: 'text-start', id: part.id, ...metadata(message.phase, isRefusal) })
    return part
  }
  const tell = (at: number, delta: unknown, isRefusal: boolean): void => {
    const part = open(at, isRefusal)
    if (typeof delta !== 'string' || delta === '' || !part.isOpen) return
    part.told += delta.length
    emit({ type: 'text-delta', id: part.id, delta })
  }
  const whole = (at: number, text: unknown, isRefusal: boolean): void => {
    // Servers may leave out deltas: what they did not tell comes with the whole.
    if (typeof text === 'string') tell(at, text.slice(open(at, isRefusal).told), isRefusal)
  }
  const end = (part: Part | undefined): void => {
    if (!part?.isOpen) return
    part.isOpen = false
    emit({ type: 'text-end', id: part.id })
  }
  const cite = (at: number, annotation: Annotation | null | undefined): void => {
    const key = JSON.stringify([at, annotation])
    if (!annotation || cited.has(key)) return
    cited.add(key)
    emitSource(`source-${index}-${cited.size - 1}`, annotation, emit)
  }
  const wholePart = (at: number, value: unknown): void => {
    const part = value as { type?: unknown; text?: unknown; refusal?: unknown; annotations?: unknown } | null
    if (part?.type === 'refusal') whole(at, part.refusal, true)
    if (part?.type !== 'output_text') return
    whole(at, part.text, false)
    if (Array.isArray(part.annotations)) for (const one of part.annotations as Annotation[]) cite(at, one)
  }

  return {
    event: (event) => {
      const at = Number(event.content_index ?? 0)
      switch (event.type) {
        case 'response.content_part.added':
          return wholePart(at, event.part)
        case 'response.output_text.delta':
          return tell(at, event.delta, false)
        case 'response.refusal.delta':
          return tell(at, event.delta, true)
        case 'response.output_text.done':
          return whole(at, event.text, false)
        case 'response.refusal.done':
          return whole(at, event.refusal, true)
        case 'response.output_text.annotation.added':
          return cite(at, event.annotation as Annotation | null)
        case 'response.content_part.done':
          wholePart(at, event.part)
          return end(parts.get(at))
      }
    },
    done: (item) => {
      const { content } = item as Partial<OutputMessage>
      if (Array.isArray(content)) for (const [at, part] of content.entries()) wholePart(at, part)
    },
    close: () => {
      for (const part of parts.values()) end(part)
    },
  }
}

const metadata = (phase: string | null | undefined, isRefusal: boolean): { providerMetadata?: UiMetadata } =>
  phase || isRefusal
    ? {
        providerMetadata: {
          antiphon: { ...(phase ? { phase } : {}), ...(isRefusal ? { refusal: true } : {}) },
        },
      }
    : {}

const emitSource = (sourceId: string, annotation: Annotation, emit: EmitChunk): void => {
  switch (annotation.type) {
    case 'url_citation': {
      const { url, title, start_index, end_index } = annotation
      const range = start_index === undefined || end_index === undefined ? {} : { start_index, end_index }
      return emit({
        type: 'source-url',
        sourceId,
        url,
        ...(title ? { title } : {}),
        providerMetadata: { antiphon: { type: 'url_citation', ...range } },
      })
    }
    case 'file_citation':
    case 'container_file_citation': {
      const { file_id, filename, type } = annotation
      return emit({
        type: 'source-document',
        sourceId,
        mediaType: 'text/plain',
        title: filename || file_id,
        ...(filename ? { filename } : {}),
        providerMetadata: { antiphon: { type, file_id } },
      })
    }
  }
}
