import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { EgressError } from './egress-error.ts'
import type { EgressPolicy } from './egress-policy.ts'
import { isLoopbackAddress, isPublicAddress } from './public-address.ts'

/** A URL whose addresses were looked up and found allowed. */
export interface CheckedTarget {
  readonly url: URL
  /** The only addresses that a connection may go to. */
  readonly addresses: readonly string[]
}

/**
 * Checks what needs no look-up: a URL over https (or http, where the policy lets it), without a name and a password in it.
 *
 * Throws `EgressError` (`egress_refused`).
 */
export const checkUrl = (target: string | URL, policy: EgressPolicy = {}): URL => {
  const text = String(target)
  // What does not parse may hold a password anywhere: it is not quoted.
  if (!URL.canParse(text)) throw refused('The target is no URL')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    throw refused(`The URL of ${url.host} has a name or password in it`)
  const mayBePlain = policy.allowPlainHttp === true || policy.allowLoopback === true || isExempt(url, policy)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain))
    throw refused(`${url.protocol}//${url.host} is not https`)
  return url
}

/**
 * Looks up the host once and checks every address it has.
 *
 * Throws `EgressError`: `egress_refused` when one of them is not allowed, `egress_unresolved` for a name without addresses.
 */
export const checkTarget = async (
  target: string | URL,
  policy: EgressPolicy = {},
): Promise<CheckedTarget> => {
  const url = checkUrl(target, policy)
  const hostname = bareHost(url)
  const addresses = isIP(hostname) === 0 ? await addressesOf(hostname, policy) : [hostname]
  for (const address of addresses) checkAddress(url, address, policy)
  return { url, addresses }
}

const checkAddress = (url: URL, address: string, policy: EgressPolicy): void => {
  if (isExempt(url, policy)) return
  const isLocal = isLoopbackAddress(address)
  if (isLocal ? policy.allowLoopback !== true : !isPublicAddress(address))
    // The address itself is not told: it would map the network behind the server.
    throw refused(`${url.hostname} is at an address that is not public`)
  // Plain http may have been let pass for loopback alone.
  if (!isLocal && url.protocol !== 'https:' && policy.allowPlainHttp !== true)
    throw refused(`${url.protocol}//${url.host} is not https`)
}

/** The host as `net.isIP` and resolvers know it: no brackets. The URL parser has already turned every form of a number into the usual one. */
const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')

const isExempt = (url: URL, policy: EgressPolicy): boolean =>
  policy.allowHosts?.some((host) => host.toLowerCase() === url.hostname) ?? false

const addressesOf = async (hostname: string, policy: EgressPolicy): Promise<readonly string[]> => {
  try {
    const found = policy.resolve
      ? await policy.resolve(hostname)
      : (await lookup(hostname, { all: true })).map(({ address }) => address)
    if (found.length > 0) return found
  } catch (cause) {
    throw unresolved(hostname, cause)
  }
  throw unresolved(hostname)
}

const unresolved = (hostname: string, cause?: unknown): EgressError =>
  new EgressError('egress_unresolved', `${hostname} has no address. Check the name.`, {
    retryable: true,
    cause,
  })

const refused = (what: string): EgressError =>
  new EgressError('egress_refused', `${what}. Only https to public addresses is allowed.`)
