/** Status codes that send the client elsewhere. 300 and 304 do not. */
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** What may follow to another origin. Everything else, keys of any name included, was meant for the first. */
const HARMLESS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-type',
  'range',
  'user-agent',
])

/** How many times a request is sent elsewhere, unless it is said otherwise. */
export const MAX_REDIRECTS = 5

/** Where a redirect leads, without the fragment. Undefined for an answer that is none, or that names no target. */
export const redirectTarget = (
  status: number,
  location: string | null | undefined,
  from: URL,
): URL | undefined => {
  if (!REDIRECTS.has(status) || !location || !URL.canParse(location, from.href)) return undefined
  const target = new URL(location, from)
  target.hash = ''
  return target
}

/** True where the request after the redirect is a GET without a body, as the Fetch standard has it. */
export const becomesGet = (status: number, method: string): boolean =>
  status === 303
    ? method !== 'GET' && method !== 'HEAD'
    : (status === 301 || status === 302) && method === 'POST'

/** The headers for the next hop: without those of a body that is gone, and without what was for the first origin alone. */
export const headersForHop = (
  headers: Iterable<readonly [string, string]>,
  hop: { readonly from: URL; readonly to: URL; readonly withoutBody: boolean },
): [string, string][] =>
  Array.from(headers, ([name, value]): [string, string] => [name.toLowerCase(), value]).filter(
    ([name]) =>
      !(hop.withoutBody && name.startsWith('content-')) &&
      (hop.from.origin === hop.to.origin || HARMLESS.has(name)),
  )
