import { htmlTitle, looksLikeHtml } from '../errors/error-body.ts'
import type { ErrorSource } from '../errors/to-api-error.ts'
import { AntiphonError } from '../errors.ts'

/** What a 2xx body that should be JSON turned out to be. */
export type JsonAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error object'; readonly value: unknown }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'not JSON'; readonly error: AntiphonError<'invalid_answer'> }

const excerptChars = 120

/** Gateways report errors under status 200, too. A response of the API has its own `id`, `object` or `output`. */
const isErrorObject = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || !('error' in value) || !value.error) return false
  return !('id' in value || 'object' in value || 'output' in value)
}

/** Reads a whole body. */
export const readJson = (body: Uint8Array, contentType: string | null, source: ErrorSource): JsonAnswer => {
  if (body.length === 0) return { kind: 'nothing' }
  const invalid = (what: string, cause?: unknown): JsonAnswer => ({
    kind: 'not JSON',
    error: new AntiphonError('invalid_answer', `${source.describe()} was answered with ${what}`, { cause }),
  })
  let text: string
  try {
    // Decodes without a byte order mark.
    text = new TextDecoder().decode(body)
  } catch (cause) {
    return invalid(`a body of ${body.length} bytes, more than a string can hold.`, cause)
  }
  try {
    const value: unknown = JSON.parse(text)
    return { kind: isErrorObject(value) ? 'error object' : 'value', value }
  } catch {
    // The parser's own message quotes the body, which may echo a key; so it is not kept.
    if (text.trim() === '') return { kind: 'nothing' }
    const redact = source.redactor()
    if (looksLikeHtml(text, contentType)) {
      return invalid(
        `a web page ("${redact(htmlTitle(text))}") instead of JSON. Check \`baseURL\`: does it end in /v1?`,
      )
    }
    const start = redact(text.slice(0, 4_000)).slice(0, excerptChars).replace(/\s+/g, ' ')
    return invalid(
      `text that is not JSON (${body.length} bytes, content type ${contentType ?? 'not given'}): "${start}". Check that the endpoint speaks the Responses API.`,
    )
  }
}
