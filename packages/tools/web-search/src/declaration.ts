import type { ApproximateLocation, ToolDefinition } from '@antiphon/client'
import { ConfigError, WireRefusal } from 'antiphon'
import { z } from 'zod'
import type { ContextSize } from './context-size.ts'
import { type DomainFilters, MAX_DOMAINS, readDomains } from './domain-filter.ts'

/** What a request asks of web search. */
export interface WantedSearch {
  readonly filters: DomainFilters
  readonly contextSize: ContextSize
  readonly location?: ApproximateLocation
  /** Pages may be fetched, beside being found. */
  readonly mayFetch: boolean
}

const domains = z.array(z.string().min(1).max(300)).max(MAX_DOMAINS).nullish()
const place = z.string().max(200).nullish()

const common = {
  user_location: z
    .strictObject({
      type: z.literal('approximate').optional(),
      country: z
        .string()
        .regex(/^[A-Za-z]{2}$/, 'expected two letters')
        .nullish(),
      region: place,
      city: place,
      timezone: place,
    })
    .nullish(),
  search_context_size: z.enum(['low', 'medium', 'high']).nullish(),
}

const current = z.strictObject({
  type: z.string(),
  filters: z.strictObject({ allowed_domains: domains, blocked_domains: domains }).nullish(),
  external_web_access: z.boolean().nullish(),
  ...common,
})

const preview = z.strictObject({
  type: z.string(),
  // Images are not looked for: who asks for them is told.
  search_content_types: z.array(z.literal('text')).nullish(),
  ...common,
})

/**
 * Reads the wire's declaration, and refuses what cannot be honoured.
 *
 * @throws WireRefusal with the field at fault.
 */
export const readDeclaration = (declaration: ToolDefinition): WantedSearch => {
  const isPreview = declaration.type.startsWith('web_search_preview')
  const read = (isPreview ? preview : current).safeParse(declaration)
  if (!read.success) throw refusalOf(read.error)
  const given = read.data as z.infer<typeof current>
  const { country, region, city, timezone } = given.user_location ?? {}
  return {
    filters: {
      allowedDomains: domainsOf(given.filters?.allowed_domains, 'filters.allowed_domains'),
      blockedDomains: domainsOf(given.filters?.blocked_domains, 'filters.blocked_domains'),
    },
    contextSize: given.search_context_size ?? 'medium',
    mayFetch: given.external_web_access ?? true,
    ...(given.user_location ? { location: { country, region, city, timezone } } : {}),
  }
}

const domainsOf = (list: readonly string[] | null | undefined, field: string): readonly string[] => {
  try {
    return readDomains(list ?? [], field)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new WireRefusal(400, error.message, { param: field, code: 'invalid_value' })
  }
}

const refusalOf = ({ issues }: z.ZodError): WireRefusal => {
  const [issue] = issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const param = [...(issue?.path ?? []), ...unknown].join('.')
  return unknown.length > 0
    ? new WireRefusal(400, `web_search does not know ${param}.`, { param, code: 'unknown_parameter' })
    : new WireRefusal(400, `${param} of web_search: ${issue?.message}.`, { param, code: 'invalid_value' })
}
