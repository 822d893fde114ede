import { AntiphonError } from './errors.ts'

/** Whose endpoint a base URL is; decides which environment key may be sent to it. */
export type EndpointHost = 'cometapi' | 'openai' | 'other'

/** What a caller may say about the endpoint. */
export interface EndpointOptions {
  /** Key sent as `Authorization: Bearer …`. @defaultValue the environment key of the host, none for any other host. */
  apiKey?: string
  /** Root of the API, such as `http://127.0.0.1:11434/v1`. @defaultValue from the environment, see {@link resolveEndpoint}. */
  baseURL?: string
  /** With an `Authorization` header among them no key is needed. */
  headers?: Readonly<Record<string, string | undefined>>
}

/** The part of the process environment that is read. */
export interface EndpointEnvironment {
  readonly [name: string]: string | undefined
}

/** An endpoint that can be called. */
export interface Endpoint {
  /** Root of the API, without a trailing slash. */
  baseURL: string
  /** Key to send; absent means that no `Authorization` header is sent. */
  apiKey?: string
  /** Whose endpoint it is. */
  host: EndpointHost
}

interface KnownHost {
  host: Exclude<EndpointHost, 'other'>
  domain: string
  baseURL: string
  keyName: string
  /** Keys that are this provider's by their look. */
  keyPattern?: RegExp
  baseName: string
}

/** In order of preference when several keys are set. */
const knownHosts: readonly KnownHost[] = [
  {
    host: 'cometapi',
    domain: 'cometapi.com',
    baseURL: 'https://api.cometapi.com/v1',
    keyName: 'COMETAPI_KEY',
    baseName: 'COMETAPI_BASE_URL',
  },
  {
    host: 'openai',
    domain: 'openai.com',
    baseURL: 'https://api.openai.com/v1',
    keyName: 'OPENAI_API_KEY',
    keyPattern: /^sk-(proj|svcacct|admin)-/,
    baseName: 'OPENAI_BASE_URL',
  },
]

/**
 * Decides where requests go and which key they carry; pure.
 *
 * - `baseURL` given: that URL. Without `apiKey`, a CometAPI or OpenAI host takes its own key from the environment and any
 *   other host gets none, so that no provider's key reaches another's server.
 * - no `baseURL`: `COMETAPI_KEY` → `https://api.cometapi.com/v1` (or `COMETAPI_BASE_URL`), else `OPENAI_API_KEY` →
 *   `https://api.openai.com/v1` (or `OPENAI_BASE_URL`), else a `*_BASE_URL` that is set and needs no key. An `apiKey` alone
 *   goes to the provider whose key it is (by its variable, or `sk-proj-…` for OpenAI), else to the `*_BASE_URL` that is set,
 *   else to CometAPI.
 *
 * @throws AntiphonError `missing_api_key` when nothing says where to go or the host's key is not set,
 *   `invalid_base_url` when the URL is not an http(s) one or has credentials in it.
 */
export function resolveEndpoint(options: EndpointOptions = {}, env: EndpointEnvironment = {}): Endpoint {
  const apiKey = filled(options.apiKey)
  const given = filled(options.baseURL)
  const authorized = Object.keys(options.headers ?? {}).some((name) => name.toLowerCase() === 'authorization')
  if (given !== undefined) return at(given, 'baseURL', undefined, apiKey, authorized, env)
  if (apiKey !== undefined) {
    const owner =
      knownHosts.find((known) => filled(env[known.keyName]) === apiKey) ??
      knownHosts.find((known) => known.keyPattern?.test(apiKey)) ??
      knownHosts.find((known) => filled(env[known.baseName]) !== undefined) ??
      knownHosts[0]!
    const base = filled(env[owner.baseName])
    return at(base ?? owner.baseURL, owner.baseName, owner, apiKey, authorized, env)
  }
  for (const known of knownHosts) {
    if (filled(env[known.keyName]) === undefined) continue
    return at(filled(env[known.baseName]) ?? known.baseURL, known.baseName, known, undefined, authorized, env)
  }
  for (const known of knownHosts) {
    const base = filled(env[known.baseName])
    if (base !== undefined) return at(base, known.baseName, known, undefined, authorized, env)
  }
  throw missing('No API key and no base URL are set.')
}

/** `named` is the provider whose `*_BASE_URL` variable gave the URL: a host of nobody known takes that provider's key. */
function at(
  baseURL: string,
  source: string,
  named: KnownHost | undefined,
  apiKey: string | undefined,
  authorized: boolean,
  env: EndpointEnvironment,
): Endpoint {
  const url = parse(baseURL, source)
  const known = ownerOf(url)
  const host = known?.host ?? 'other'
  const key = apiKey ?? filled(env[(known ?? named)?.keyName ?? ''])
  if (known && key === undefined && !authorized)
    throw missing(`No API key is set for ${url.hostname}.`, known)
  const root = url.href.replace(/\/+$/, '')
  return key === undefined ? { baseURL: root, host } : { baseURL: root, apiKey: key, host }
}

function parse(baseURL: string, source: string): URL {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined
  // The text itself stays out of the message: it may hold a password.
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new AntiphonError(
      'invalid_base_url',
      `Expected \`${source}\` to be an absolute http or https URL such as https://api.cometapi.com/v1.`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new AntiphonError(
      'invalid_base_url',
      `\`${source}\` holds a user name or password. Remove it and pass the secret as \`apiKey\` or in \`headers\`.`,
    )
  }
  return url
}

function ownerOf(url: URL): KnownHost | undefined {
  const name = url.hostname.replace(/\.$/, '')
  return knownHosts.find((known) => name === known.domain || name.endsWith(`.${known.domain}`))
}

/** An empty variable is how shells unset one. */
const filled = (text: string | undefined): string | undefined => text?.trim() || undefined

const missing = (what: string, known?: KnownHost): AntiphonError<'missing_api_key'> =>
  new AntiphonError(
    'missing_api_key',
    known
      ? `${what} Set ${known.keyName}, or pass \`apiKey\` to createClient().`
      : `${what} Set COMETAPI_KEY (or OPENAI_API_KEY), or pass \`apiKey\`, or pass the \`baseURL\` of a server that needs no key.`,
  )
