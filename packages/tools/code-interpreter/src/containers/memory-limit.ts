/** How much memory a container may have, in the wire's words. */
export type MemoryLimit = '1g' | '4g' | '16g' | '64g'

const GIB = 1024 ** 3

/** Bytes of each. */
export const MEMORY_BYTES: Readonly<Record<MemoryLimit, number>> = {
  '1g': GIB,
  '4g': 4 * GIB,
  '16g': 16 * GIB,
  '64g': 64 * GIB,
}

/** True for a word of the wire. */
export const isMemoryLimit = (value: unknown): value is MemoryLimit =>
  typeof value === 'string' && Object.hasOwn(MEMORY_BYTES, value)
