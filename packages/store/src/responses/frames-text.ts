import type { ResponsesDatabase } from './responses-database.ts'

/** No frame begins with one of these: what does so in the table is JSON, or refers to a large text. */
const SPECIAL = /^["{]|\0|\p{Surrogate}/u

/** Frames as the table has them: as they are, unless no database could give them back. */
export const keptFrames = (text: string): string => (SPECIAL.test(text) ? JSON.stringify(text) : text)

/** What {@link keptFrames} was given. */
export const framesOf = (kept: string): string => (kept.startsWith('"') ? (JSON.parse(kept) as string) : kept)

/** Frames without what must not be written. A frame that has nothing to hide stays as it is, to the byte. */
export const cleanFrames = (text: string, transform: ResponsesDatabase['transform']): string =>
  transform === undefined
    ? text
    : text
        .split('\n')
        .map((line) => (line.startsWith(DATA) ? DATA + cleanData(line.slice(DATA.length), transform) : line))
        .join('\n')

const DATA = 'data: '

const cleanData = (data: string, transform: (value: unknown) => unknown): string => {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return String(transform(data))
  }
  const clean = transform(value)
  return clean === value ? data : JSON.stringify(clean)
}
