import { AntiphonError } from './errors.ts'

/**
 * A parameter breaks a limit that the contract states; thrown before anything is sent.
 *
 * The message reads ``Expected `x` to be …, got `…`.``
 */
export class ParameterError extends AntiphonError<'invalid_parameter'> {
  override name = 'ParameterError'
  /** Path of the parameter in the request, such as `tools[2].name`. */
  readonly param: string

  constructor(param: string, message: string) {
    super('invalid_parameter', message)
    this.param = param
  }
}

/**
 * Makes the error for a value that is not what the contract allows.
 *
 * `expected` continues the words "to be"; the value is shown shortened to 80 characters.
 */
export function unexpected(param: string, expected: string, got: unknown): ParameterError {
  return new ParameterError(param, `Expected \`${param}\` to be ${expected}, got \`${show(got)}\`.`)
}

const shownChars = 80

/** Short text of a value for an error message. */
function show(value: unknown): string {
  if (typeof value === 'string') return cut(JSON.stringify(value))
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
  return cut(String(value))
}

const cut = (text: string): string => (text.length > shownChars ? `${text.slice(0, shownChars)}…` : text)
