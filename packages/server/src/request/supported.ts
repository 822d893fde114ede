import type { ResponseRequest } from '@antiphon/client'
import { PARAMETERS } from './parameter-policy.ts'
import { unknownParameter, unsupportedParameter, unsupportedValue } from './parameter-refusals.ts'
import { checkRules, type RuleOptions } from './request-rules.ts'
import type { ServeError } from './serve-error.ts'

/** A request of which everything is honoured. */
export interface SupportedRequest {
  /** The very request, or one without what was dropped. */
  readonly request: ResponseRequest
  /** One for each parameter that was dropped because the server is lenient. For a header, so without line breaks. */
  readonly warnings: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** True when it asks for nothing that would not happen anyway. */
const asksNothing = (path: string, value: unknown): boolean => {
  if (value == null) return true
  if (Array.isArray(value)) return value.length === 0
  const policy = PARAMETERS.get(path)
  if (isObject(value)) {
    // Only fields of the table: what is inside of any other object may be as deep as its sender likes.
    return Object.keys(value).every((name) => {
      const field = `${path}.${name}`
      return value[name] == null || (PARAMETERS.has(field) && asksNothing(field, value[name]))
    })
  }
  return policy !== undefined && 'defaults' in policy && policy.defaults?.includes(value) === true
}

/** A value without one of its fields; of nothing else. */
const without = (value: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(value).filter(([each]) => each !== name))

/** A step of one parameter: it stays, or goes for a reason. */
interface Drop {
  readonly path: readonly string[]
  readonly refusal: () => ServeError
}

/** Fields that nobody knows. */
const unknownFields = (request: Fields): Drop[] => {
  const drops: Drop[] = []
  const look = (value: Fields, path: readonly string[]): void => {
    for (const name of Object.keys(value)) {
      const at = [...path, name]
      const policy = PARAMETERS.get(at.join('.'))
      const known = path.length === 0 ? policy !== undefined : isField(path.join('.'), name)
      if (!known) drops.push({ path: at, refusal: () => unknownParameter(at.join('.')) })
      else if (policy !== undefined && 'fields' in policy && isObject(value[name])) look(value[name], at)
    }
  }
  look(request, [])
  return drops
}

const isField = (path: string, name: string): boolean => {
  const policy = PARAMETERS.get(path)
  return policy !== undefined && 'fields' in policy && policy.fields?.includes(name) === true
}

/** Entries of a list by what a refusal names them. */
const entryName = (name: string, entry: unknown): unknown =>
  name === 'tools' ? (entry as { type?: unknown } | null)?.type : entry

/** What the upstream refuses by this path, if the request asks for it. */
const refusedAt = (request: Fields, path: string, why: string): Drop | undefined => {
  const [name = '', ...rest] = path.split('.')
  const value = Object.hasOwn(request, name) ? request[name] : undefined
  if (value === undefined) return undefined
  if (rest.length === 0) {
    // What asks for nothing is still taken out: an upstream that does not know a parameter need not know its default.
    return { path: [name], refusal: () => unsupportedParameter(name, why) }
  }
  const entry = rest.join('.')
  if (Array.isArray(value)) {
    const index = value.findIndex((each) => entryName(name, each) === entry)
    const param = name === 'tools' ? `tools[${index}].type` : `${name}[${index}]`
    return index === -1
      ? undefined
      : { path: [name, entry], refusal: () => unsupportedValue(param, entry, why) }
  }
  if (name === 'tool_choice' || typeof value === 'string') {
    const chosen = isObject(value) ? value.type : value
    return chosen === entry ? { path: [name], refusal: () => unsupportedValue(name, entry, why) } : undefined
  }
  return isObject(value) ? refusedField(value, [name], rest, why) : undefined
}

/** `text.format.json_schema` names a field or, at its end, the type of an object. */
const refusedField = (
  value: Fields,
  path: readonly string[],
  rest: readonly string[],
  why: string,
): Drop | undefined => {
  const [field = '', ...deeper] = rest
  if (rest.length === 1 && value.type === field) {
    return { path, refusal: () => unsupportedValue(`${path.join('.')}.type`, field, why) }
  }
  if (!Object.hasOwn(value, field)) return undefined
  const inner = value[field]
  const at = [...path, field]
  if (deeper.length === 0) return { path: at, refusal: () => unsupportedParameter(at.join('.'), why) }
  if (isObject(inner)) return refusedField(inner, at, deeper, why)
  return inner === deeper.join('.')
    ? { path: at, refusal: () => unsupportedValue(at.join('.'), inner, why) }
    : undefined
}

const valueAt = (request: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : at), request)

/** A request without what is at a path. */
const dropAt = (value: Fields, path: readonly string[]): Fields => {
  const [name = '', ...rest] = path
  if (!Object.hasOwn(value, name)) return value
  if (rest.length === 0) return without(value, name)
  const inner = value[name]
  const left = Array.isArray(inner)
    ? inner.filter((entry) => entryName(name, entry) !== rest.join('.'))
    : isObject(inner)
      ? dropAt(inner, rest)
      : inner
  return { ...value, [name]: left }
}

const refusedDrops = (request: Fields, refuses: Readonly<Record<string, string>>): Drop[] => {
  const drops: Drop[] = []
  for (const [name, policy] of PARAMETERS) {
    if (policy.by === 'nobody' && Object.hasOwn(request, name)) {
      drops.push({ path: [name], refusal: () => unsupportedParameter(name, policy.why) })
    }
  }
  for (const [path, why] of Object.entries(refuses)) {
    const drop = refusedAt(request, path, why)
    if (drop !== undefined) drops.push(drop)
  }
  return drops
}

/** More parameters than this are refused even by a lenient server: no client sends them by mistake. */
const MOST_DROPS = 64

/** Header values are of visible ASCII. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')

/**
 * Holds a request against what this server and the upstream can do, so that nothing of it is silently ignored, and then against the rules between its parameters.
 *
 * A parameter that nobody knows and one that cannot be honoured are refused; `lenient` drops them with a warning. Values that ask for nothing are accepted, and do not reach an
 * upstream that refuses their parameter.
 *
 * Keys of `refuses` are names of parameters (`temperature`), fields (`reasoning.summary`), types of tools (`tools.web_search`), values (`include.reasoning.encrypted_content`,
 * `truncation.auto`, `tool_choice.required`) and types (`text.format.json_schema`).
 *
 * @throws ServeError 400 `unknown_parameter`, `unsupported_parameter` or `unsupported_value`, and those of the rules.
 */
export const checkSupported = (
  asked: ResponseRequest,
  refuses: Readonly<Record<string, string>>,
  lenient: boolean,
  options: RuleOptions = {},
): SupportedRequest => {
  const given = asked as Fields
  let request = given
  const warnings: string[] = []
  const drops = [...unknownFields(given), ...refusedDrops(given, refuses)]
  for (const { path, refusal } of drops) {
    const why = refusal()
    const isUnknown = why.code === 'unknown_parameter'
    if (isUnknown || isEntry(given, path) || !asksNothing(path.join('.'), valueAt(given, path))) {
      if (!lenient || drops.length > MOST_DROPS) throw why
      warnings.push(headerText(why.message))
    }
    request = dropAt(request, path)
  }
  checkRules(request as ResponseRequest, options)
  return { request: request as ResponseRequest, warnings }
}

/** An entry of a list is there because it was asked for. */
const isEntry = (request: Fields, path: readonly string[]): boolean =>
  path.length > 1 && Array.isArray(request[path[0] ?? ''])
