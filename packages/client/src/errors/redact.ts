/** Replaces every secret in a text by `[redacted]`. */
export type Redact = (text: string) => string

const mask = '[redacted]'
const minSecretChars = 4

// Keys of the usual shapes, also half masked by the server ("sk-ab****yz"), and whatever follows "Bearer".
const keyShapes = /\b(?:sk|pk|rk)-[\w*.-]{6,}|\bBearer\s+[^\s"',;<>]+/gi

const sensitiveName = /auth|key|token|secret|cookie|password|credential/

/** True for headers whose value is a secret: `authorization`, `api-key`, `x-api-key`, `cookie` and their like. */
export const isSensitiveHeader = (lowerCaseName: string): boolean =>
  lowerCaseName !== 'idempotency-key' && sensitiveName.test(lowerCaseName)

/** What of a header value must not be shown: the value, and what it holds beside the scheme. */
export const secretsOfHeader = (value: string): string[] => {
  const credential = /^(?:Bearer|Basic|Token|ApiKey)\s+(.*)$/i.exec(value)?.[1]
  if (credential === undefined) return [value]
  const secrets = [value, credential]
  if (/^Basic/i.test(value) && /^[\w+/]+=*$/.test(credential)) {
    const decoded = decodeBase64(credential)
    const colon = decoded.indexOf(':')
    secrets.push(decoded, decoded.slice(colon + 1))
  }
  return secrets
}

const decodeBase64 = (source: string): string => {
  try {
    return atob(source)
  } catch {
    return '' // not base64: then there is nothing more to hide
  }
}

/** A function that knows the given secrets (those of 4 characters and more) and the usual shapes of keys. */
export const createRedactor = (secrets: readonly string[]): Redact => {
  const known = [...new Set(secrets)]
    .filter((secret) => secret.length >= minSecretChars)
    .sort((a, b) => b.length - a.length)
  return (text) => {
    let clean = text
    for (const secret of known) clean = clean.replaceAll(secret, mask)
    return clean.replace(keyShapes, mask)
  }
}

const maxDepth = 32

/** The same for every string inside a JSON value, property names included; the value itself is not changed. */
export const redactValue = (value: unknown, redact: Redact, depth = 0): unknown => {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > maxDepth) return mask
  if (Array.isArray(value)) return value.map((entry) => redactValue(entry, redact, depth + 1))
  const copy: Record<string, unknown> = {}
  for (const [name, entry] of Object.entries(value)) {
    Object.defineProperty(copy, redact(name), {
      value: redactValue(entry, redact, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return copy
}

/** A copy of a foreign error that keeps name, code, message, stack and causes, and nothing else: socket data and parsed bytes may echo a header. */
export const redactCause = (raw: unknown, redact: Redact, depth = 0): Error => {
  if (!(raw instanceof Error)) return new Error(redact(String(raw)))
  const causes = raw instanceof AggregateError ? raw.errors : []
  const first = raw.cause ?? causes[0]
  const copy: Error & { code?: string } = new Error(
    redact(raw.message),
    first !== undefined && depth < 4 ? { cause: redactCause(first, redact, depth + 1) } : undefined,
  )
  Object.defineProperty(copy, 'name', { value: raw.name, enumerable: false })
  if (typeof raw.stack === 'string') copy.stack = redact(raw.stack)
  const code = (raw as { code?: unknown }).code
  if (typeof code === 'string') copy.code = redact(code)
  return copy
}
