import type { SchemaObject } from './merge-schemas.ts'

const bound = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

/**
 * A number within the bounds of a schema: `variant` steps above 1 where that fits, else above the lower bound.
 * Undefined where there is none.
 */
export const numberValue = (schema: SchemaObject, variant: number): number | undefined => {
  const integer = schema.type === 'integer' || (Array.isArray(schema.type) && !schema.type.includes('number'))
  const low = Math.max(bound(schema.minimum, -Infinity), bound(schema.exclusiveMinimum, -Infinity))
  const high = Math.min(bound(schema.maximum, Infinity), bound(schema.exclusiveMaximum, Infinity))
  const fits = (value: number): boolean =>
    value >= low &&
    value <= high &&
    value !== schema.exclusiveMinimum &&
    value !== schema.exclusiveMaximum &&
    (!integer || Number.isInteger(value))
  const multiple = bound(schema.multipleOf, 0)
  const step = multiple > 0 ? (integer && !Number.isInteger(multiple) ? multiple * 10 ** 6 : multiple) : 1
  const snap = (value: number): number => (multiple > 0 ? Math.ceil(value / step) * step : value)
  const floor = Number.isFinite(low) ? low : Number.isFinite(high) ? high - step * (variant + 1) : 1
  const starts = [1, Math.ceil(floor), floor, Number.isFinite(high) ? Math.floor(high) - step : 0]
  for (const start of starts) {
    for (const offset of [0, 1]) {
      const value = snap(start) + (variant + offset) * step
      if (fits(value)) return Object.is(value, -0) ? 0 : value
    }
  }
  // A narrow range without a multiple: its middle, or one of its ends.
  const ends = multiple > 0 ? [snap(low), 0] : [(low + high) / 2, low, high]
  return ends.find((value) => Number.isFinite(value) && fits(value))
}
