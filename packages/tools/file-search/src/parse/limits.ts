import { ConfigError } from 'antiphon'
import type { ParseLimits } from './parsed-file.ts'

const MIB = 1024 * 1024

const DEFAULTS: Required<ParseLimits> = {
  maxBytes: 64 * MIB,
  maxUnpackedBytes: 256 * MIB,
  maxCharacters: 20_000_000,
  timeoutMs: 60_000,
  maxMemoryBytes: 1024 * MIB,
}

/** Limits with their defaults. @throws ConfigError `invalid_config` */
export const limitsOf = (limits: ParseLimits = {}): Required<ParseLimits> => {
  const all = { ...DEFAULTS, ...limits }
  for (const [name, value] of Object.entries(all))
    if (!(Number.isFinite(value) && value > 0))
      throw new ConfigError(
        'invalid_config',
        `Expected \`limits.${name}\` to be a number above 0, got \`${value}\`.`,
      )
  return all
}
