import { isTyped, type OpenItem, type OpenPart } from './open-item.ts'

/** Nothing that a server would have had to say: absent, null, an empty text or list. */
const lacks = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/**
 * Fills what an item lacks, and what its parts lack, from another copy of it; what it has stays.
 *
 * Gives the very same object when nothing was lacking, else a new one; neither copy is changed.
 */
export const fill = (item: OpenItem, from: OpenItem, except?: string): OpenItem => {
  let filled: OpenItem | undefined
  for (const key of Object.keys(from)) {
    const value = from[key]
    if (key === except || lacks(value)) continue
    const own = item[key]
    if (lacks(own)) {
      filled ??= { ...item }
      filled[key] = value
    } else if ((key === 'content' || key === 'summary') && Array.isArray(own) && Array.isArray(value)) {
      const parts = fillParts(own, value)
      if (parts === own) continue
      filled ??= { ...item }
      filled[key] = parts
    }
  }
  return filled ?? item
}

const fillParts = (parts: OpenPart[], from: readonly (OpenPart | undefined)[]): OpenPart[] => {
  let filled: OpenPart[] | undefined
  for (const [i, part] of parts.entries()) {
    const other = from[i]
    if (!isTyped(part) || other?.type !== part.type) continue
    const whole = fill(part, other)
    if (whole === part) continue
    filled ??= [...parts]
    filled[i] = whole
  }
  return filled ?? parts
}
