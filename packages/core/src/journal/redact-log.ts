import { ConfigError } from '../errors.ts'
import { type RedactText, redactorOf } from '../middleware/redact-patterns.ts'
import type { NewRecord } from './log-record.ts'
import { mapJsonText } from './redact-json-text.ts'

/** What must not get into a log. */
export interface LogRedactorOptions {
  /** Names of fields whose value is replaced, wherever they are: in items, in details, in arguments and outputs that are JSON. Upper and lower case are the same. The names in a JSON schema are no fields. */
  readonly fields?: readonly string[]
  /** Texts and patterns that are replaced inside any string. Texts have at least 4 characters. */
  readonly secrets?: readonly (string | RegExp)[]
}

/** Takes out of a log what must not be in it. Changes nothing in place; what has nothing to hide is the very object. */
export interface LogRedactor {
  /** A record without secrets: its `about` and its `value` are looked through, not its place in the log. */
  record<Record extends NewRecord>(record: Record): Record
  /** Any JSON value without secrets: an event, an item. */
  value<Value>(value: Value): Value
}

const MASK = '[redacted]'
const MIN_SECRET_CHARS = 4
/** What lies deeper is replaced as a whole: a tool may answer with a text of a million brackets. */
const MAX_DEPTH = 256
/** What only the server can read, and must come back as it was. */
const SEALED: ReadonlySet<unknown> = new Set(['reasoning', 'compaction', 'compaction_summary'])

/**
 * Makes a redactor for logs. Keys of the usual shapes and whatever follows `Bearer` become `[redacted apiKey]` and `[redacted bearer]`, always; the fields and the secrets
 * that are named here become `[redacted]`. Strings that are JSON (arguments, outputs) stay JSON.
 *
 * What was taken out is not there on resume: a run goes on from `[redacted]`, calls with replaced arguments do not match the hash of a decision any more, and a strict
 * replay has to be told the same redactor. A secret that is spread over several deltas of a stream is not found in the events, only in the item they make.
 *
 * @throws ConfigError `invalid_config` for a secret of fewer than 4 characters, or an empty field name.
 */
export const createLogRedactor = (options: LogRedactorOptions = {}): LogRedactor => {
  const { fields = [], secrets = [] } = options
  for (const secret of secrets) checkSecret(secret)
  const names = new Set(fields.map((name) => name.toLowerCase()))
  if (names.has('')) throw invalid('every one of `fields` to be the name of a field, got an empty text')
  const texts = secrets.filter((secret) => typeof secret === 'string')
  const redaction: Redaction = { names, texts: new Set(texts), edit: editOf(texts, secrets) }
  return {
    record: (record) => {
      const about = redact(record.about, redaction)
      const value = redact(record.value, redaction)
      if (about === record.about && value === record.value) return record
      return { ...record, ...(about === undefined ? {} : { about }), value }
    },
    value: (value) => redact(value, redaction) as typeof value,
  }
}

/** Takes a redactor, or what one is made from. */
export const toRedactor = (given: LogRedactor | LogRedactorOptions | undefined): LogRedactor | undefined =>
  given === undefined ? undefined : 'record' in given ? given : createLogRedactor(given)

interface Redaction {
  /** In lower case. */
  readonly names: ReadonlySet<string>
  readonly texts: ReadonlySet<string>
  readonly edit: RedactText
}

/** Longer secrets first: one may hold another. Each also as JSON would write it, for text that is JSON only in part. */
const editOf = (texts: readonly string[], secrets: readonly (string | RegExp)[]): RedactText => {
  const written = texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)])
  const literal = [...new Set(written)].sort((a, b) => b.length - a.length)
  const patterns = redactorOf([...secrets.filter((secret) => secret instanceof RegExp), 'apiKey', 'bearer'])
  return (text) => patterns(literal.reduce((rest, secret) => rest.replaceAll(secret, MASK), text))
}

const redact = (value: unknown, redaction: Redaction, depth = 0): unknown => {
  if (typeof value === 'string') {
    const { names, edit } = redaction
    return depth > MAX_DEPTH
      ? MASK
      : mapJsonText(value, names, edit, (inner) => redact(inner, redaction, depth + 1))
  }
  if (typeof value === 'number') return redaction.texts.has(String(value)) ? MASK : value
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) return MASK
  return Array.isArray(value) ? redactList(value, redaction, depth) : redactObject(value, redaction, depth)
}

const redactList = (list: readonly unknown[], redaction: Redaction, depth: number): readonly unknown[] => {
  let changed = false
  const copy = list.map((entry) => {
    const clean = redact(entry, redaction, depth + 1)
    changed ||= clean !== entry
    return clean
  })
  return changed ? copy : list
}

const redactObject = (object: object, redaction: Redaction, depth: number): object => {
  const { edit } = redaction
  const { type } = object as { type?: unknown }
  const sealed = SEALED.has(type)
  const isSchema = type === 'object'
  let changed = false
  const entries = Object.entries(object).map(([name, entry]): [string, unknown] => {
    if (sealed && name === 'encrypted_content') return [name, entry]
    const cleanName = edit(name)
    const clean = isHidden(name, entry, redaction)
      ? MASK
      : name === 'properties' && isSchema
        ? redactSchemas(entry, redaction, depth + 1)
        : redact(entry, redaction, depth + 1)
    changed ||= clean !== entry || cleanName !== name
    return [cleanName, clean]
  })
  return changed ? Object.fromEntries(entries) : object
}

const isHidden = (name: string, entry: unknown, { names }: Redaction): boolean =>
  entry !== undefined && entry !== null && names.has(name.toLowerCase())

/** The properties of a JSON schema: what a tool calls its arguments is no secret, and a model has to be told. */
const redactSchemas = (properties: unknown, redaction: Redaction, depth: number): unknown => {
  if (typeof properties !== 'object' || properties === null) return redact(properties, redaction, depth)
  const own = Object.entries(properties)
  const isSchemas = own.every(([, schema]) => typeof schema === 'object' && schema !== null)
  if (!isSchemas || !own.some(([name, schema]) => isHidden(name, schema, redaction)))
    return redact(properties, redaction, depth)
  return Object.fromEntries(
    own.map(([name, schema]) => [redaction.edit(name), redact(schema, redaction, depth + 1)]),
  )
}

const checkSecret = (secret: unknown): void => {
  if (secret instanceof RegExp) return
  if (typeof secret !== 'string')
    throw invalid(`\`secrets\` to be texts and patterns, got \`${typeof secret}\``)
  if (secret.length < MIN_SECRET_CHARS)
    throw invalid(
      `every secret to have at least ${MIN_SECRET_CHARS} characters, got one of ${secret.length}: it would be found in most words`,
    )
}

const invalid = (expected: string): ConfigError =>
  new ConfigError('invalid_config', `createLogRedactor(): expected ${expected}.`)
