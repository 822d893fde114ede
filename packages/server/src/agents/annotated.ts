import type { Annotation, OutputItem, ResponseEvent } from '@antiphon/client'

type Annotate = (text: string) => readonly Annotation[]

interface TextPart {
  readonly type?: unknown
  readonly text?: unknown
  readonly annotations?: unknown
}

/** Events that bring the whole text of a part. */
export const ENDS_TEXT: ReadonlySet<string> = new Set([
  'response.output_text.done',
  'response.content_part.done',
])

/** A message with what its texts point to, behind what its model has said of that. */
export const annotatedItem = (item: OutputItem, annotate: Annotate): OutputItem => {
  const { type, content } = item as { type: string; content?: unknown }
  if (type !== 'message' || !Array.isArray(content)) return item
  return { ...item, content: content.map((part: TextPart) => annotatedPart(part, annotate)) } as OutputItem
}

const annotatedPart = (part: TextPart, annotate: Annotate): TextPart => {
  if (part?.type !== 'output_text' || typeof part.text !== 'string') return part
  const added = annotate(part.text)
  if (added.length === 0) return part
  return { ...part, annotations: [...annotationsOf(part), ...added] }
}

const annotationsOf = ({ annotations }: TextPart): readonly unknown[] =>
  Array.isArray(annotations) ? annotations : []

/** The end of a text with what it points to: an event for each annotation, then the end; the end of its part, with all of them. */
export const annotatedEnd = (event: ResponseEvent, annotate: Annotate): readonly ResponseEvent[] => {
  const { type, text, part, item_id, content_index } = event as unknown as {
    type: string
    text?: unknown
    part?: TextPart
    item_id?: string
    content_index?: number
  }
  if (type === 'response.content_part.done')
    return part === undefined ? [event] : [{ ...event, part: annotatedPart(part, annotate) } as ResponseEvent]
  if (typeof text !== 'string') return [event]
  const added = annotate(text).map((annotation, annotation_index) => ({
    type: 'response.output_text.annotation.added',
    item_id,
    content_index,
    annotation_index,
    annotation,
  }))
  return [...(added as unknown as ResponseEvent[]), event]
}
