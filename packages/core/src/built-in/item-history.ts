import type { FunctionCall, InputItem } from '@antiphon/client'

/** Where an item that is kept carries what it stands for. */
const FIELD = 'antiphon_history'
/** Where it carries that on its way to being kept: not in JSON, so nobody is told of it by mistake. */
const HISTORY: unique symbol = Symbol.for('antiphon.itemHistory') as never

type Carrier = { readonly [HISTORY]?: readonly InputItem[]; readonly [FIELD]?: unknown }

/**
 * The item, carrying the items that stand for it in the history of a model: a call and its output for one that shows a call, nothing for one that only tells something. JSON of the
 * item does not have them; `toKept` does.
 */
export const withHistory = <T extends object>(item: T, history: readonly InputItem[]): T =>
  ({ ...item, [HISTORY]: history }) as T

/** What an item carries, on its way or kept; undefined for any other item. */
export const historyOf = (item: object): readonly InputItem[] | undefined => {
  const { [HISTORY]: carried, [FIELD]: kept } = item as Carrier
  return carried ?? (Array.isArray(kept) ? (kept as readonly InputItem[]) : undefined)
}

/** The item as it is kept, with what it carries as a field. */
export const toKept = <T extends object>(item: T): T => {
  const { [HISTORY]: carried } = item as Carrier
  if (carried === undefined) return item
  const { [HISTORY]: _, ...kept } = item as T & Carrier
  return { ...kept, [FIELD]: carried } as unknown as T
}

/** The item as anybody may see it. */
export const toShown = <T extends object>(item: T): T => {
  if (!(FIELD in item) && !(HISTORY in item)) return item
  const { [FIELD]: _kept, [HISTORY]: _carried, ...shown } = item as T & Carrier
  return shown as unknown as T
}

/** The call that an item stands for, when it does. */
export const callInHistory = (history: readonly InputItem[]): FunctionCall | undefined =>
  history.find((item): item is FunctionCall => (item as { type?: string }).type === 'function_call')
