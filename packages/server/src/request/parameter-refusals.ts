import { ServeError } from './serve-error.ts'

/** Makes the refusal of one parameter, status 400. */
export const refuse = (code: string, param: string | null, message: string): ServeError =>
  new ServeError(400, { message, type: 'invalid_request_error', param, code })

const shownChars = 80

/** A value as an error shows it: short, and never what is inside of an object. */
const shown = (value: unknown): string => {
  if (typeof value !== 'string') return typeOf(value)
  return `'${value.length > shownChars ? `${value.slice(0, shownChars)}…` : value}'`
}

/** What a value is, with its article. */
export const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Words as a list: `'a', 'b', and 'c'`. */
const list = (values: readonly unknown[]): string => {
  const words = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)))
  if (words.length < 3) return words.join(' and ')
  return `${words.slice(0, -1).join(', ')}, and ${words.at(-1)}`
}

/** It has to be there, and is not. */
export const missingParameter = (param: string): ServeError =>
  refuse('missing_required_parameter', param, `Missing required parameter: '${param}'.`)

/** Nobody knows it. */
export const unknownParameter = (param: string): ServeError =>
  refuse('unknown_parameter', param, `Unknown parameter: ${shown(param)}.`)

/** It is known, and cannot be honoured here; `why` is a sentence. */
export const unsupportedParameter = (param: string, why: string): ServeError =>
  refuse(
    'unsupported_parameter',
    param,
    `Unsupported parameter: ${shown(param)} is not supported here. ${why}`,
  )

/** The parameter is supported, and this value of it is not; `why` is a sentence. */
export const unsupportedValue = (param: string, value: unknown, why: string): ServeError =>
  refuse(
    'unsupported_value',
    param,
    `Unsupported value: '${param}' does not support ${shown(value)} here. ${why}`,
  )

/** A value that is none of those that are allowed; `allowed` may be empty when they are too many to name. */
export const invalidValue = (param: string, value: unknown, allowed: readonly unknown[]): ServeError => {
  const choice = allowed.length === 1 ? 'Supported value is' : 'Supported values are'
  return refuse(
    'invalid_value',
    param,
    `Invalid value for '${param}': ${shown(value)}.${allowed.length === 0 ? '' : ` ${choice}: ${list(allowed)}.`}`,
  )
}

/** A value of another type; `expected` comes with its article. */
export const invalidType = (param: string, value: unknown, expected: string): ServeError =>
  refuse(
    'invalid_type',
    param,
    `Invalid type for '${param}': expected ${expected}, but got ${typeOf(value)} instead.`,
  )

/** A text of too many characters. */
export const tooLong = (param: string, maximum: number, length: number): ServeError =>
  refuse(
    'string_above_max_length',
    param,
    `Invalid '${param}': string too long. Expected a string with maximum length ${maximum}, but got a string with length ${length} instead.`,
  )

/** An id that bears the mark of something else. */
export const invalidIdPrefix = (param: string, id: string, prefix: string): ServeError =>
  refuse(
    'invalid_id_prefix',
    param,
    `Invalid '${param}': ${shown(id)}. Expected an ID that begins with '${prefix}'. Leave it out when in doubt.`,
  )

/** A rule between parameters is broken. */
export const brokenRule = (
  param: string,
  message: string,
  code: string | null = 'invalid_value',
): ServeError => new ServeError(400, { message, type: 'invalid_request_error', param, code })
