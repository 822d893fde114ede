import type { Includable } from '@antiphon/client'
import { z } from 'zod'
import { checkShape } from './check-shape.ts'
import { brokenRule, unknownParameter } from './parameter-refusals.ts'
import { includeSchema } from './parameter-schemas.ts'
import { chars } from './schema-parts.ts'

/** Query of `GET /responses/{id}`. */
export interface RetrieveQuery {
  readonly include: readonly Includable[]
  /** @defaultValue `false` */
  readonly stream: boolean
  /** Events behind this number. Only of a stream. */
  readonly starting_after?: number
  readonly include_obfuscation?: boolean
}

/** Query of a list. */
export interface ListItemsQuery {
  /** @defaultValue `20` */
  readonly limit: number
  /** @defaultValue `'desc'` */
  readonly order: 'asc' | 'desc'
  /** Id of the item that the page begins behind. */
  readonly after?: string
  /** Id of the item that the page ends before. */
  readonly before?: string
  readonly include: readonly Includable[]
}

type Fields = Record<string, unknown>

const LISTS: ReadonlySet<string> = new Set(['include'])
const FLAGS: ReadonlySet<string> = new Set(['stream', 'include_obfuscation'])
const NUMBERS: ReadonlySet<string> = new Set(['limit', 'starting_after'])
/** Of some gateways, which name their version by it. Says nothing about the request. */
const IGNORED: ReadonlySet<string> = new Set(['api-version'])

const readValue = (name: string, text: string): unknown => {
  if (FLAGS.has(name)) return text === 'true' ? true : text === 'false' ? false : text
  return NUMBERS.has(name) && /^-?\d{1,15}$/.test(text) ? Number(text) : text
}

/** A query as an object: `include[]`, `include[0]` and `include` are one list, and of what is there twice the last counts. */
const readQuery = (query: URLSearchParams, known: readonly string[]): Fields => {
  const values = new Map<string, unknown>()
  for (const [key, text] of query) {
    const name = key.replace(/\[\d*\]$/, '')
    if (IGNORED.has(key)) continue
    if (!known.includes(name) || (name !== key && !LISTS.has(name))) throw unknownParameter(key)
    if (!LISTS.has(name)) values.set(name, readValue(name, text))
    else values.set(name, [...((values.get(name) as unknown[] | undefined) ?? []), ...text.split(',')])
  }
  return Object.fromEntries(values)
}

const itemId = chars(4096, 1)

const retrieveSchema = z.object({
  include: includeSchema.optional(),
  stream: z.boolean().optional(),
  starting_after: z.int().min(-1).optional(),
  include_obfuscation: z.boolean().optional(),
})

const listSchema = z.object({
  limit: z.int().min(1).max(100).optional(),
  order: z.enum(['asc', 'desc']).optional(),
  after: itemId.optional(),
  before: itemId.optional(),
  include: includeSchema.optional(),
})

const includeOnly = z.object({ include: includeSchema.optional() })

/**
 * The query of `GET /responses/{id}`: `include[]`, `stream`, `starting_after` and `include_obfuscation`.
 *
 * @throws ServeError 400 about the first problem; the last two are refused without `stream=true`.
 */
export const parseRetrieveQuery = (query: URLSearchParams): RetrieveQuery => {
  const fields = readQuery(query, Object.keys(retrieveSchema.shape))
  checkShape(retrieveSchema, fields)
  for (const name of ['starting_after', 'include_obfuscation']) {
    if (fields[name] === undefined || fields.stream === true) continue
    throw brokenRule(name, `The '${name}' parameter is only allowed when 'stream' is enabled.`)
  }
  return { include: [], stream: false, ...fields }
}

/**
 * The query of a list: `limit` 1–100, `order`, `after`, `before` and `include[]`.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseListQuery = (query: URLSearchParams): ListItemsQuery => {
  const fields = readQuery(query, Object.keys(listSchema.shape))
  checkShape(listSchema, fields)
  return { limit: 20, order: 'desc', include: [], ...fields }
}

/**
 * The query of one item, and of items that are added: `include[]`.
 *
 * @throws ServeError 400 about the first problem.
 */
export const parseIncludeQuery = (query: URLSearchParams): readonly Includable[] => {
  const fields = readQuery(query, Object.keys(includeOnly.shape))
  checkShape(includeOnly, fields)
  return (fields.include as Includable[] | undefined) ?? []
}

/**
 * The query of an endpoint that has none.
 *
 * @throws ServeError 400 `unknown_parameter`.
 */
export const parseNoQuery = (query: URLSearchParams): void => void readQuery(query, [])
