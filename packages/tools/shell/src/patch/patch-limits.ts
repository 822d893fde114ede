import { ConfigError } from 'antiphon'

/** What a patch may touch, and how much of it. */
export interface PatchLimits {
  /** Bytes of one file, before and after. @defaultValue 4_194_304 */
  readonly maxFileBytes?: number
  /** Characters of a whole patch. @defaultValue 2_097_152 */
  readonly maxPatchChars?: number
  /** Operations in a patch. @defaultValue 200 */
  readonly maxFiles?: number
  /** Names that no component of a path may have, compared as file systems do that ignore case. @defaultValue ['.git'] */
  readonly protectedNames?: readonly string[]
}

const DEFAULTS: Required<PatchLimits> = {
  maxFileBytes: 4 * 1024 * 1024,
  maxPatchChars: 2 * 1024 * 1024,
  maxFiles: 200,
  protectedNames: ['.git'],
}

/** The limits with what was left out. @throws ConfigError `invalid_config` */
export const toPatchLimits = (limits: PatchLimits = {}): Required<PatchLimits> => {
  for (const name of ['maxFileBytes', 'maxPatchChars', 'maxFiles'] as const) {
    const value = limits[name]
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new ConfigError(
        'invalid_config',
        `Expected \`${name}\` to be a positive integer, got ${String(value)}.`,
      )
  }
  return {
    maxFileBytes: limits.maxFileBytes ?? DEFAULTS.maxFileBytes,
    maxPatchChars: limits.maxPatchChars ?? DEFAULTS.maxPatchChars,
    maxFiles: limits.maxFiles ?? DEFAULTS.maxFiles,
    protectedNames: limits.protectedNames ?? DEFAULTS.protectedNames,
  }
}
