import { type Redact, redactValue } from './redact.ts'

/** What the body of an error says, whatever its shape. */
export interface ErrorFacts {
  readonly message?: string
  readonly type?: string
  readonly apiCode?: string
  readonly param?: string
  /** The whole body, redacted: parsed JSON, an HTML title, or the beginning of a text. */
  readonly body?: unknown
}

const messageChars = 600
const textChars = 2_000
const maxDepth = 4

type JsonObject = Record<string, unknown>

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const text = (value: unknown): string | undefined => {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

// Control characters of a foreign message must not reach a terminal or split a log line.
const oneLine = (message: string): string => {
  const flat = message.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return flat.length > messageChars ? `${flat.slice(0, messageChars)}…` : flat
}

const parseObject = (source: string): unknown => {
  const trimmed = source.trimStart()
  if (trimmed[0] !== '{' && trimmed[0] !== '[') return undefined
  try {
    return JSON.parse(trimmed)
  } catch {
    return undefined // cut short, or only looks like JSON: it is then read as text
  }
}

// FastAPI: [{ loc: ['body', 'model'], msg: 'Field required' }]
const validationFacts = (list: readonly unknown[]): ErrorFacts => {
  const parts: string[] = []
  let param: string | undefined
  for (const entry of list.slice(0, 5)) {
    if (!isObject(entry)) continue
    const loc = Array.isArray(entry.loc)
      ? entry.loc.filter((step) => text(step) !== undefined && step !== 'body').join('.')
      : undefined
    const message = text(entry.msg) ?? text(entry.message)
    if (message !== undefined) parts.push(loc ? `${loc}: ${message}` : message)
    param ??= loc || undefined
  }
  return parts.length > 0 ? { message: parts.join('; '), param } : {}
}

const messageFacts = (message: string, depth: number): ErrorFacts => {
  // Gateways quote the upstream's JSON inside their own message.
  const quoted = depth < maxDepth ? parseObject(message) : undefined
  return quoted === undefined ? { message } : { message, ...factsOf(quoted, depth + 1) }
}

const factsOf = (value: unknown, depth: number): ErrorFacts => {
  if (typeof value === 'string') return messageFacts(value, depth)
  if (Array.isArray(value)) return value.length > 0 && depth < maxDepth ? factsOf(value[0], depth + 1) : {}
  if (!isObject(value)) return {}
  const own = {
    type: text(value.type) ?? text(value.status),
    apiCode: text(value.code),
    param: text(value.param),
  }
  let facts: ErrorFacts = {}
  if (depth < maxDepth && value.error) facts = factsOf(value.error, depth + 1)
  if (facts.message === undefined && Array.isArray(value.detail))
    facts = { ...facts, ...validationFacts(value.detail) }
  if (
    facts.message === undefined &&
    depth < maxDepth &&
    Array.isArray(value.errors) &&
    value.errors.length > 0
  ) {
    facts = factsOf(value.errors[0], depth + 1)
  }
  if (facts.message === undefined) {
    const message = [value.message, value.detail, value.error_description, value.msg, value.title]
      .map(text)
      .find(Boolean)
    if (message !== undefined) facts = { ...facts, ...messageFacts(message, depth) }
    else if (depth < maxDepth && isObject(value.detail)) facts = factsOf(value.detail, depth + 1)
  }
  return {
    message: facts.message,
    type: facts.type ?? own.type,
    apiCode: facts.apiCode ?? own.apiCode,
    param: facts.param ?? own.param,
  }
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' }

/** The title of an HTML page (else its first heading, else its first words), without tags. */
export const htmlTitle = (html: string): string => {
  const inner =
    /<title[^>]*>([\s\S]*?)<\/title/i.exec(html)?.[1] ??
    /<h1[^>]*>([\s\S]*?)<\/h1/i.exec(html)?.[1] ??
    html.slice(0, textChars).replace(/<(script|style)[\s\S]*?(<\/\1>|$)/gi, ' ')
  const words = inner
    .replace(/<[^>]*>?/g, ' ')
    .replace(/&(#?\w+);/g, (whole, name) =>
      Object.hasOwn(entities, name) ? (entities[name] as string) : whole,
    )
  return oneLine(words).slice(0, 200)
}

/** True when the text is an HTML page by its first character or its content type. */
export const looksLikeHtml = (source: string, contentType: string | null): boolean =>
  contentType?.includes('html') === true || source.trimStart()[0] === '<'

const redactFacts = (facts: ErrorFacts, redact: Redact): ErrorFacts => ({
  message: facts.message === undefined ? undefined : oneLine(redact(facts.message)),
  type: facts.type === undefined ? undefined : oneLine(redact(facts.type)),
  apiCode: facts.apiCode === undefined ? undefined : oneLine(redact(facts.apiCode)),
  param: facts.param === undefined ? undefined : oneLine(redact(facts.param)),
})

/**
 * Facts of an error that is parsed already: `{ error: { message, type, code, param } }`, the same nested or flat,
 * `{ error: "…" }`, `{ message }`, `{ detail }` (text or a validation list), `{ errors: [] }`.
 */
export const readErrorValue = (value: unknown, redact: Redact): ErrorFacts => ({
  ...redactFacts(factsOf(value, 0), redact),
  body: redactValue(value, redact),
})

/** Facts of an error body as it came: JSON in any of those shapes, an HTML page, or text. */
export const readErrorBody = (source: string, contentType: string | null, redact: Redact): ErrorFacts => {
  const parsed = parseObject(source)
  if (parsed !== undefined) return readErrorValue(parsed, redact)
  if (source.trim() === '') return {}
  if (looksLikeHtml(source, contentType)) {
    const title = redact(htmlTitle(source))
    return { message: title || undefined, body: title }
  }
  // Redacted before it is cut, so that no half of a key is left at the end.
  const clean = redact(source)
  return { message: oneLine(clean), body: clean.slice(0, textChars) }
}
