import type { Usage } from './usage.ts'

/** US dollars per million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  /** For input that came from the cache. @defaultValue the input price */
  readonly cachedInput?: number
}

/** Prices by model name. A name also serves for its dated snapshots (`gpt-5.4` for `gpt-5.4-2026-03-05`). */
export type PriceTable = Readonly<Record<string, Price>>

const MILLION = 1_000_000
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/

/** The price of a model; undefined when the table does not have it. */
export const priceOf = (model: string | undefined, table: PriceTable): Price | undefined => {
  // The server's word: it may be anything, also a name that every object inherits.
  if (typeof model !== 'string') return undefined
  return ownPrice(table, model) ?? ownPrice(table, model.replace(SNAPSHOT, ''))
}

const ownPrice = (table: PriceTable, model: string): Price | undefined =>
  Object.hasOwn(table, model) ? table[model] : undefined

/** US dollars for one usage; undefined without a price. */
export const costOf = (usage: Usage, price: Price | undefined): number | undefined => {
  if (price === undefined) return undefined
  const fresh = usage.inputTokens - usage.cachedTokens
  const input = fresh * price.input + usage.cachedTokens * (price.cachedInput ?? price.input)
  return (input + usage.outputTokens * price.output) / MILLION
}
