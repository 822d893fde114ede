import { createHash, timingSafeEqual } from 'node:crypto'
import {
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server'
import { ConfigError } from 'antiphon'

/** Who may ask over HTTP. */
export interface GuardOptions {
  /** Every request needs it as `Authorization: Bearer …`; at least 16 characters. @defaultValue none is needed on this machine */
  readonly token?: string
  /** Names in the `Host` header under which it may be asked, without ports. @defaultValue those of this machine, and `host` */
  readonly allowedHosts?: readonly string[]
  /** Names in the `Origin` header of pages that may ask. @defaultValue pages of this machine */
  readonly allowedOrigins?: readonly string[]
}

/** Answers a request. */
export type Answer = (request: Request) => Promise<Response>

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
const SHORTEST_TOKEN = 16

/**
 * Refuses requests that come by another name (DNS rebinding), from a page of another origin, or without the token.
 *
 * @throws ConfigError `invalid_config` for an address that others reach and no token, and for one that can be guessed
 */
export const guarded = (
  answer: Answer,
  { token, allowedHosts, allowedOrigins, host }: GuardOptions & { readonly host: string },
): Answer => {
  if (token === undefined && !LOOPBACK.has(host))
    throw new ConfigError(
      'invalid_config',
      `serveMcp: others than this machine can reach ${host}, so a \`token\` is needed. Give one, or leave \`host\` out.`,
    )
  if (token !== undefined && token.length < SHORTEST_TOKEN)
    throw new ConfigError(
      'invalid_config',
      `serveMcp: expected \`token\` to have at least ${SHORTEST_TOKEN} characters.`,
    )
  const hosts = [...(allowedHosts ?? [...localhostAllowedHostnames(), host])]
  const origins = [...(allowedOrigins ?? localhostAllowedOrigins())]
  // With a token and any address, the name may be any: a page elsewhere does not know the token.
  const checksHost = allowedHosts !== undefined || LOOPBACK.has(host)
  return async (request) =>
    (checksHost ? hostHeaderValidationResponse(request, hosts) : undefined) ??
    originValidationResponse(request, origins) ??
    (token === undefined || hasToken(request, token) ? undefined : unauthorized()) ??
    answer(request)
}

const hasToken = ({ headers }: Request, token: string): boolean => {
  const [, given = ''] = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '') ?? []
  return timingSafeEqual(digest(given), digest(token))
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const unauthorized = (): Response =>
  Response.json(
    { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'A token is needed.' } },
    { status: 401, headers: { 'www-authenticate': 'Bearer' } },
  )
