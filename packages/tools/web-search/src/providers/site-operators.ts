import type { SearchOptions } from '../search-provider.ts'

/** More operators than these make engines answer with nothing; the results are held against all domains anyway. */
const MAX_OPERATORS = 8

/** The query with `site:` for engines that take domains in no other way. */
export const withSites = (
  query: string,
  { allowedDomains, blockedDomains }: Pick<SearchOptions, 'allowedDomains' | 'blockedDomains'>,
): string => {
  const allowed = allowedDomains.length > MAX_OPERATORS ? [] : allowedDomains.map((one) => `site:${one}`)
  const blocked = blockedDomains.slice(0, MAX_OPERATORS).map((one) => `-site:${one}`)
  const either = allowed.length > 1 ? `(${allowed.join(' OR ')})` : allowed.join('')
  return [query, either, ...blocked].filter(Boolean).join(' ')
}
