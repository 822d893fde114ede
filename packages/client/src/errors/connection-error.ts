import { AntiphonError } from '../errors.ts'
import { type Redact, redactCause } from './redact.ts'

/** What went wrong with the connection. */
export type ConnectionFailure = 'refused' | 'dns' | 'tls' | 'unreachable' | 'reset' | 'protocol' | 'other'

/** Facts of a {@link ConnectionError}. */
export interface ConnectionErrorOptions {
  readonly origin: string
  readonly reason: ConnectionFailure
  readonly cause?: unknown
}

/**
 * The network failed. `connection_failed`: no answer began; `stream_cut`: the connection was lost inside the answer.
 *
 * Retryable, except for TLS failures and for a server that does not speak HTTP. A `stream_cut` after the first event is
 * retryable for the caller, but the client does not repeat it: events were handed on.
 */
export class ConnectionError extends AntiphonError<'connection_failed' | 'stream_cut'> {
  override name = 'ConnectionError'
  /** Host name or address that was called. */
  readonly host: string
  /** Port that was called. */
  readonly port: number
  /** Kind of failure. */
  readonly reason: ConnectionFailure

  constructor(code: 'connection_failed' | 'stream_cut', message: string, options: ConnectionErrorOptions) {
    super(code, message, {
      retryable: options.reason !== 'tls' && options.reason !== 'protocol',
      cause: options.cause,
    })
    const { host, port } = addressOf(options.origin)
    this.host = host
    this.port = port
    this.reason = options.reason
  }
}

/** Host and port of an origin such as `https://api.example.com`. */
export const addressOf = (origin: string): { host: string; port: number } => {
  const url = new URL(origin)
  return { host: url.hostname, port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80) }
}

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** The error that carries a system code, below the wrappers of fetch and of several addresses tried at once. */
const innermost = (raw: unknown): unknown => {
  let error = raw
  for (let depth = 0; depth < 5 && error instanceof Error && codeOf(error) === ''; depth++) {
    const next: unknown = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined)
    if (next === undefined) break
    error = next
  }
  return error
}

const reasonOf = (code: string, name: string): ConnectionFailure => {
  if (name === 'HTTPParserError') return 'protocol'
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_FAIL') return 'dns'
  if (/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT)$/.test(code)) return 'unreachable'
  if (/^(ERR_SSL|ERR_TLS|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code))
    return 'tls'
  if (/^(HPE_|UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH))/.test(code)) return 'protocol'
  if (/^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/.test(code)) return 'reset'
  return 'other'
}

const remedies: Record<ConnectionFailure, string> = {
  refused: 'Nothing listens there: check `baseURL` and that the server is running.',
  dns: 'The name was not found: check the host in `baseURL` and the DNS of this machine.',
  tls: 'The TLS handshake failed: check that `baseURL` has the right scheme (http or https) and port, and the certificate.',
  unreachable: 'There is no way to that address: check the network, the VPN and the firewall.',
  reset: 'The other side closed the connection.',
  protocol:
    'The other side does not speak HTTP/1.1 as it should: check the scheme (http or https) and port in `baseURL`.',
  other: 'Check the network and `baseURL`.',
}

/**
 * Makes the typed error of a raw network error.
 *
 * @param stage - `answer` when the head of the answer had arrived
 */
export const toConnectionError = (
  raw: unknown,
  origin: string,
  stage: 'request' | 'answer',
  redact: Redact,
): ConnectionError => {
  const inner = innermost(raw)
  const code = codeOf(inner)
  const reason = reasonOf(code, inner instanceof Error ? inner.name : '')
  const { host, port } = addressOf(origin)
  const address = `${host}:${port}`
  const detail = redact(code || (inner instanceof Error ? inner.message : String(inner)))
  const message =
    stage === 'answer'
      ? `The connection to ${address} was lost inside the answer (${detail}).`
      : `The connection to ${address} failed (${detail}). ${remedies[reason]}`
  return new ConnectionError(stage === 'answer' ? 'stream_cut' : 'connection_failed', message, {
    origin,
    reason,
    cause: redactCause(raw, redact),
  })
}

/** True when a connection could not be opened in time. */
export const isConnectTimeout = (raw: unknown): boolean =>
  codeOf(innermost(raw)) === 'UND_ERR_CONNECT_TIMEOUT'
