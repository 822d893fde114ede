import { createHmac } from 'node:crypto'
import { ConfigError } from 'antiphon'

/** Signs a message: its id, the Unix time of this attempt in seconds, its body. Gives the value of `webhook-signature`. */
export type WebhookSigner = (id: string, timestamp: number, body: string) => string

/**
 * A signer for `whsec_…` secrets, after Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, as `v1,<base64>`. Of several secrets each signs, so that one
 * can be replaced by another.
 *
 * Throws `ConfigError` (`invalid_config`) for a secret that is not `whsec_` and 24 to 64 bytes in base64.
 */
export const createWebhookSigner = (secret: string | readonly string[]): WebhookSigner => {
  const keys = (typeof secret === 'string' ? [secret] : secret).map(keyOf)
  if (keys.length === 0) throw invalidSecret()
  return (id, timestamp, body) =>
    keys
      .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
      .join(' ')
}

const keyOf = (secret: string): Buffer => {
  const text = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  const key = Buffer.from(text ?? '', 'base64')
  if (key.length < 24 || key.length > 64) throw invalidSecret()
  return key
}

// The secret is not quoted, not even a wrong one.
const invalidSecret = (): ConfigError =>
  new ConfigError(
    'invalid_config',
    'A webhook secret must be "whsec_" and 24 to 64 bytes in base64. Make one: echo "whsec_$(openssl rand -base64 32)".',
  )
