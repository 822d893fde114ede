import type { SearchResult } from '../search-provider.ts'

type Fields = Record<string, unknown>

/** The list at a path of fields, as objects; empty when there is none. What comes from outside has any form. */
export const listAt = (value: unknown, ...path: readonly string[]): readonly Fields[] => {
  const found = path.reduce<unknown>((at, name) => (isFields(at) ? at[name] : undefined), value)
  return Array.isArray(found) ? found.filter(isFields) : []
}

/** A result made of fields that may be missing or of another type; undefined without a URL. */
export const resultOf = (
  fields: Fields,
  names: { readonly snippet: string; readonly publishedAt: string },
): SearchResult | undefined => {
  const url = textAt(fields, 'url')
  if (url === '') return undefined
  const publishedAt = textAt(fields, names.publishedAt)
  return {
    url,
    title: textAt(fields, 'title'),
    snippet: textAt(fields, names.snippet),
    ...(publishedAt === '' ? {} : { publishedAt }),
  }
}

/** The texts of a list of texts; others are left out. */
export const textsAt = (fields: Fields, name: string): readonly string[] => {
  const list = fields[name]
  return Array.isArray(list) ? list.filter((each): each is string => typeof each === 'string') : []
}

const textAt = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
