const NONE: readonly never[] = []

/** A field as the object it should be; undefined for whatever else a server wrote there. */
export const objectIn = <T extends object>(value: T | null | undefined): T | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined

/** A field as the list it should be; an empty one for whatever else a server wrote there. */
export const listIn = <T>(value: readonly T[] | null | undefined): readonly T[] =>
  Array.isArray(value) ? value : NONE

/** A field as the text it should be; `''` for whatever else a server wrote there. */
export const stringIn = (value: string | null | undefined): string => (typeof value === 'string' ? value : '')

/** An id: a number is one, too. */
export const idIn = (value: string | null | undefined): string =>
  typeof value === 'number' ? `${value as number}` : stringIn(value)
