import { ServeError } from '../request/serve-error.ts'
import { jsonErrorAt, tooDeepAt } from './json-text.ts'

/** What a body may be at most. */
export interface BodyLimits {
  /** @defaultValue 20 MiB */
  readonly bodyLimitBytes?: number
  /** Of an upload (`POST /files`). @defaultValue 512 MiB */
  readonly uploadLimitBytes?: number
  /** How deep arrays and objects may lie in each other. @defaultValue 64 */
  readonly maxDepth?: number
}

/** `bodyLimitBytes`, when nothing is said. */
export const DEFAULT_BODY_LIMIT_BYTES = 20 * 1024 * 1024
/** `uploadLimitBytes`, when nothing is said. */
export const DEFAULT_UPLOAD_LIMIT_BYTES = 512 * 1024 * 1024
const DEFAULT_MAX_DEPTH = 64

/** The body is larger than it may be; the connection is closed behind the answer. */
export const bodyTooLarge = (limitBytes: number): ServeError =>
  new ServeError(413, {
    message: `The request body is larger than ${limitBytes} bytes. Send less, or refer to files by their ids.`,
    type: 'invalid_request_error',
    code: 'request_too_large',
  })

/**
 * Checks what the headers say of a body, before any of it is read.
 *
 * @throws ServeError 413 for a declared length over the limit, 415 for a content type or encoding that is not read.
 */
export const checkBodyHeaders = (headers: Headers, limitBytes: number): void => {
  if (Number(headers.get('content-length') ?? 0) > limitBytes) throw bodyTooLarge(limitBytes)
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() || 'identity'
  if (encoding !== 'identity')
    throw unsupported(
      'Content-Encoding',
      encoding,
      'Send the body uncompressed.',
      'unsupported_content_encoding',
    )
  const given = headers.get('content-type')?.trim()
  if (!given) return
  const [type = '', ...params] = given.toLowerCase().split(';')
  if (!/^application\/(?:[\w!#$&^.+-]+\+)?json$/.test(type.trim()))
    throw unsupported('Content-Type', type.trim(), 'Send application/json.', 'unsupported_content_type')
  const charset = params.map((param) => /^\s*charset="?([^"]*)"?\s*$/.exec(param)?.[1]).find(Boolean)
  if (charset !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(charset))
    throw unsupported('charset', charset, 'Send UTF-8.', 'unsupported_content_type')
}

/**
 * Reads the bytes of a body as JSON; undefined for an empty one.
 *
 * @throws ServeError 400 for invalid UTF-8, invalid JSON (with its position) and what nests too deep.
 */
export const parseBody = (bytes: Uint8Array, { maxDepth }: BodyLimits): unknown => {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid('The request body is not valid UTF-8.')
  }
  return text.trim() === '' ? undefined : parseJson(text, maxDepth)
}

/**
 * Reads a text as JSON.
 *
 * @throws ServeError 400 for invalid JSON (with its position) and what nests deeper than `maxDepth` (default 64).
 */
export const parseJson = (text: string, maxDepth = DEFAULT_MAX_DEPTH): unknown => {
  const deep = tooDeepAt(text, maxDepth)
  if (deep !== -1) throw invalid(`The JSON nests deeper than ${maxDepth} levels, at position ${deep}.`)
  try {
    return JSON.parse(text)
  } catch {
    const at = jsonErrorAt(text)
    let line = 1
    for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', end + 1)) line++
    const column = at === 0 ? 1 : at - text.lastIndexOf('\n', at - 1)
    const what = at >= text.length ? 'It ends too early' : 'There is something unexpected'
    throw invalid(
      `The request is not valid JSON. ${what} at position ${at} (line ${line}, column ${column}).`,
    )
  }
}

/** The request has no body where it needs one. */
export const emptyBody = (): ServeError => invalid('The request has no body. Send a JSON object.')

/**
 * Reads a body of the fetch kind to its end.
 *
 * @throws ServeError 413 as soon as it is over the limit; the rest is not read.
 */
export const readWebBody = async (
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = []
  let size = 0
  const reader = body?.getReader()
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > limitBytes) {
      reader.cancel().catch(() => undefined)
      throw bodyTooLarge(limitBytes)
    }
    pieces.push(value)
  }
  return joined(pieces, size)
}

/** The pieces of a body, as long as they are within the limit. @throws ServeError 413. */
export async function* withinLimit(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > limitBytes) throw bodyTooLarge(limitBytes)
    yield piece
  }
}

/** A body of the fetch kind, piece by piece; one that is not read to its end is let go of. */
export async function* webPieces(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

/** Pieces as one. */
export const joined = (pieces: readonly Uint8Array[], size: number): Uint8Array => {
  if (pieces.length === 1) return pieces[0] as Uint8Array
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const invalid = (message: string): ServeError =>
  new ServeError(400, { message, type: 'invalid_request_error', code: 'invalid_json' })

const unsupported = (header: string, value: string, advice: string, code: string): ServeError =>
  new ServeError(415, {
    message: `${header} '${value.slice(0, 100)}' is not read here. ${advice}`,
    type: 'invalid_request_error',
    code,
  })
