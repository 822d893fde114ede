import { ParameterError } from './parameter-error.ts'

/**
 * Joins a path from fixed segments and identifiers, each identifier encoded.
 *
 * @throws ParameterError `invalid_parameter` for an identifier that is empty, or that a URL would read as a step (`.`, `..`).
 */
export function resourcePath(collection: string, id: string, ...rest: string[]): string {
  return ['', collection, idSegment('id', id), ...rest].join('/')
}

/** Encodes one identifier for a path. `name` is the parameter to blame. */
export function idSegment(name: string, id: string): string {
  // Half of a character cannot be encoded.
  if (typeof id !== 'string' || id.trim() === '' || id === '.' || id === '..' || /\p{Surrogate}/u.test(id)) {
    throw new ParameterError(
      name,
      `Expected \`${name}\` to be the identifier of an object, got \`${JSON.stringify(id)}\`.`,
    )
  }
  return encodeURIComponent(id)
}
