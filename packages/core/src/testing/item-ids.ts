/** Gives out ids that occur neither earlier from here nor in the request at hand. */
export interface ItemIds {
  /** The next free id, such as `call_3` for the prefix `call`. */
  next(prefix: string): string
  /** Makes the ids of a request's input count as taken. */
  see(input: unknown): void
}

/**
 * A source of ids. They are the same in every run of a test, and differ from those that another model put into
 * the same history (a hand-off, a fallback).
 */
export const createItemIds = (): ItemIds => {
  const taken = new Set<unknown>()
  const counts = new Map<string, number>()
  return {
    next(prefix) {
      let n = counts.get(prefix) ?? 0
      let id: string
      do id = `${prefix}_${++n}`
      while (taken.has(id))
      counts.set(prefix, n)
      return id
    },
    see(input) {
      if (!Array.isArray(input)) return
      for (const item of input as ({ id?: unknown; call_id?: unknown } | null)[]) {
        if (item?.id !== undefined) taken.add(item.id)
        if (item?.call_id !== undefined) taken.add(item.call_id)
      }
    },
  }
}
