import { ConfigError } from 'antiphon'
import { ServeError } from '../request/serve-error.ts'
import { type CorsOptions, isAllowedOrigin } from './cors.ts'

/** Is it a name of this machine for itself? */
export const isLoopback = (host: string): boolean => {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return (
    bare === 'localhost' ||
    bare.endsWith('.localhost') ||
    bare === '::1' ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(bare)
  )
}

/** @throws ConfigError `invalid_config` where a server without keys would listen to other machines. */
export const checkBinding = (host: string, isOpen: boolean): void => {
  if (!isOpen || isLoopback(host)) return
  throw new ConfigError(
    'invalid_config',
    `A server without API keys listens on loopback only, not on "${host}". Give \`keys\`, or listen on 127.0.0.1.`,
  )
}

/**
 * Keeps pages in a browser away from a server without keys: any page may send requests to 127.0.0.1, and a name may be made to point there.
 *
 * @throws ServeError 403 for a foreign `host`, and for an `origin` that is not in `corsOrigins`.
 */
export const checkOpenRequest = (headers: Headers, options: CorsOptions): void => {
  const host = headers.get('host')
  if (host !== null && !isLoopback(host.replace(/:\d*$/, '')))
    throw refused(`Host '${host.slice(0, 100)}' is no name of this machine.`, 'Call it as 127.0.0.1')
  const origin = headers.get('origin')
  if (origin !== null && origin !== `http://${host}` && !isAllowedOrigin(origin, options))
    throw refused(`Origin '${origin.slice(0, 100)}' is not allowed.`, 'Add it to `corsOrigins`')
}

const refused = (what: string, advice: string): ServeError =>
  new ServeError(403, {
    message: `${what} This server has no API keys, so it answers this machine only. ${advice}, or give the server keys.`,
    type: 'permission_error',
    code: 'foreign_origin',
  })
