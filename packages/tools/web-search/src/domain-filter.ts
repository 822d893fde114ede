import { ConfigError } from 'antiphon'

/** Where results and pages may come from. */
export interface DomainFilters {
  /** Only these domains and their subdomains. Empty: all. */
  readonly allowedDomains: readonly string[]
  /** None of these domains and their subdomains, whatever is allowed. */
  readonly blockedDomains: readonly string[]
}

/** As many domains as one list may have. */
export const MAX_DOMAINS = 100

/**
 * The domains as they are compared: lower case, punycode, without scheme, path, port and a leading `*.`.
 *
 * Throws `ConfigError` (`invalid_config`) for what is no domain, and for more than 100.
 */
export const readDomains = (domains: readonly string[], where: string): readonly string[] => {
  if (domains.length > MAX_DOMAINS)
    throw new ConfigError(
      'invalid_config',
      `${where} has ${domains.length} domains. At most ${MAX_DOMAINS} are allowed.`,
    )
  return domains.map((domain) => {
    const host = domain
      .trim()
      .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
      .replace(/^\*?\./, '')
    const url = `http://${host}`
    const name = URL.canParse(url) ? hostOf(new URL(url)) : ''
    if (name === '' || /[^\w.:[\]-]/.test(name))
      throw new ConfigError(
        'invalid_config',
        `${where} names "${domain.slice(0, 100)}", which is no domain. Write it as example.com.`,
      )
    return name
  })
}

/** True for a URL that the filters let pass. */
export const isAllowed = (url: URL, { allowedDomains, blockedDomains }: DomainFilters): boolean => {
  const host = hostOf(url)
  const isOf = (domain: string): boolean => isWithin(host, domain)
  return !blockedDomains.some(isOf) && (allowedDomains.length === 0 || allowedDomains.some(isOf))
}

/** A host with a dot at its end is the same host. */
const hostOf = ({ hostname }: URL): string => hostname.toLowerCase().replace(/\.$/, '')

/** Both filters at once. Undefined where no domain passes both. */
export const joinFilters = (one: DomainFilters, other: DomainFilters): DomainFilters | undefined => {
  const blockedDomains = [...new Set([...one.blockedDomains, ...other.blockedDomains])]
  const [a, b] = [one.allowedDomains, other.allowedDomains]
  if (a.length === 0 || b.length === 0) return { allowedDomains: a.length === 0 ? b : a, blockedDomains }
  const within = (list: readonly string[], wider: readonly string[]): readonly string[] =>
    list.filter((domain) => wider.some((each) => isWithin(domain, each)))
  const allowedDomains = [...new Set([...within(a, b), ...within(b, a)])]
  return allowedDomains.length === 0 ? undefined : { allowedDomains, blockedDomains }
}

const isWithin = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)
