import type { InputItem } from '@antiphon/client'
import type { KeptHistory } from '@antiphon/store'
import type { HistoryPoint } from 'antiphon'
import { readCompaction } from './compaction-item.ts'

/** Items that are kept in memory, over all histories. */
const MAX_ITEMS = 200_000
const MAX_HISTORIES = 1_000

/**
 * Histories as an upstream is sent them, those that were used last kept in memory: going on from a response reads nothing that this process has read or written.
 *
 * A server is the only one that writes a history, and what stands at a point never changes; so nothing here grows stale.
 */
export class HistoryHeads {
  readonly #history: KeptHistory
  readonly #kept = new Map<string, readonly InputItem[]>()
  #items = 0

  constructor(history: KeptHistory) {
    this.#history = history
  }

  /** All items up to a point. The list is shared: never change it. */
  async read(at: HistoryPoint | undefined): Promise<readonly InputItem[]> {
    if (at === undefined) return []
    const key = keyOf(at)
    const known = this.#kept.get(key)
    if (known !== undefined) {
      this.#kept.delete(key)
      this.#kept.set(key, known)
      return known
    }
    const items = ((await this.#history.read(at)) as InputItem[]).map(forUpstream)
    this.#keep(key, items)
    return items
  }

  /** Adds a turn, and remembers what comes of it. */
  async append(
    before: HistoryPoint | undefined,
    items: readonly InputItem[],
    added: readonly InputItem[],
  ): Promise<HistoryPoint> {
    const at = await this.#history.append(before, added as Parameters<KeptHistory['append']>[1])
    this.#keep(keyOf(at), [...items, ...added.map(forUpstream)])
    return at
  }

  #keep(key: string, items: readonly InputItem[]): void {
    // Others may have read it in the meantime.
    this.#items += items.length - (this.#kept.get(key)?.length ?? 0)
    this.#kept.set(key, items)
    for (const [oldest, { length }] of this.#kept) {
      if (this.#items <= MAX_ITEMS && this.#kept.size <= MAX_HISTORIES) return
      if (oldest === key) return
      this.#kept.delete(oldest)
      this.#items -= length
    }
  }
}

const keyOf = ({ line, n }: HistoryPoint): string => `${line} ${n}`

/** Ids that only this server gave, to be able to list the item, are nothing that an upstream knows. */
export const forUpstream = (item: InputItem): InputItem => {
  const { type, role, id } = item as { type?: string; role?: string; id?: unknown }
  if (type === 'compaction') return readCompaction(item) ?? item
  if (id === undefined) return item
  const isInput = (type === undefined || type === 'message') && role !== 'assistant'
  if (!isInput && type !== 'function_call_output' && type !== 'custom_tool_call_output') return item
  const { id: _id, status: _status, ...rest } = item as { id?: unknown; status?: unknown }
  return rest as InputItem
}
