import { fill } from './fill.ts'
import { copyPart, isTyped, type OpenItem, type OpenPart } from './open-item.ts'

/** A gap wider than that is a mistake of the server; smaller ones are filled with empty parts. */
const MAX_PARTS = 4096

/** The part that an event adds to, made when it was never announced; undefined when the place holds another kind. */
export const partAt = (
  item: OpenItem,
  list: 'content' | 'summary',
  index: unknown,
  type: string,
): OpenPart | undefined => {
  const parts = item[list]
  const place = typeof index === 'number' ? index : 0
  const part = parts?.[place]
  if (part?.type === type) return part
  return makePart(item, list, place, type)
}

const makePart = (
  item: OpenItem,
  list: 'content' | 'summary',
  place: number,
  type: string,
): OpenPart | undefined => {
  if (!Number.isInteger(place) || place < 0 || place >= MAX_PARTS) return undefined
  // Some servers write `content` as text, which is nobody's part.
  const parts = item[list] || []
  if (!Array.isArray(parts)) return undefined
  item[list] = parts
  while (parts.length < place) parts.push(emptyPart(type))
  const before = parts[place]
  if (before?.text || before?.refusal) return undefined
  const part = emptyPart(type)
  parts[place] = part
  return part
}

const emptyPart = (type: string): OpenPart => {
  if (type === 'refusal') return { type, refusal: '' }
  return type === 'output_text' ? { type, text: '', annotations: [] } : { type, text: '' }
}

/** Puts a whole part in its place; it takes over what it lacks from the pieces that came before. */
export const putPart = (item: OpenItem, list: 'content' | 'summary', index: unknown, part: unknown): void => {
  if (!isTyped(part)) return
  const place = typeof index === 'number' ? index : 0
  const before = item[list]?.[place]
  if (!isTyped(before) && makePart(item, list, place, part.type) === undefined) return
  const parts = item[list]
  if (!parts) return
  parts[place] =
    before?.type === part.type ? copyPart(fill(part, before) as OpenPart) : copyPart(part as OpenPart)
}

/** Puts an annotation in its place in a part's list. */
export const putAnnotation = (part: OpenPart, index: unknown, annotation: unknown): void => {
  if (annotation === null || annotation === undefined) return
  if (!Array.isArray(part.annotations)) part.annotations = []
  const { annotations } = part
  if (typeof index === 'number' && index in annotations) annotations[index] = annotation
  else annotations.push(annotation)
}
