import { brokenRule, invalidType, refuse } from './parameter-refusals.ts'
import { isLonger } from './schema-parts.ts'

/**
 * Checks `metadata`: at most 16 pairs, keys of at most 64 characters, texts of at most 512. `null` passes.
 *
 * @throws ServeError 400 with `param: 'metadata'`.
 */
export const checkMetadata = (metadata: unknown): void => {
  if (metadata == null) return
  if (typeof metadata !== 'object' || Array.isArray(metadata)) {
    throw invalidType('metadata', metadata, 'an object of strings')
  }
  const names = Object.keys(metadata)
  if (names.length > 16) {
    throw refuse(
      'object_above_max_properties',
      'metadata',
      `Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with ${names.length} properties instead.`,
    )
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (isLonger(name, 64)) {
      throw brokenRule(
        'metadata',
        `Invalid 'metadata': a key is too long. Expected keys of at most 64 characters, but got one of ${name.length}.`,
        'string_above_max_length',
      )
    }
    if (typeof value !== 'string')
      throw invalidType('metadata', value, `a string for each key, such as '${name}'`)
    if (isLonger(value, 512)) {
      throw brokenRule(
        'metadata',
        `Invalid 'metadata': the value of '${name}' is too long. Expected at most 512 characters, but got ${value.length}.`,
        'string_above_max_length',
      )
    }
  }
}
