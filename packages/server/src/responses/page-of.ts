import type { InputItem } from '@antiphon/client'
import { toShown } from 'antiphon'
import { refusals } from './refusals.ts'

/** Which part of a list is asked for. */
export interface PageQuery {
  /** 1 to 100. @defaultValue 20 */
  readonly limit?: number
  /** @defaultValue 'desc', the newest first */
  readonly order?: 'asc' | 'desc'
  /** Id of the item behind which the page begins. */
  readonly after?: string
  /** Id of the item before which the page ends. */
  readonly before?: string
}

/** A page of items, in the wire's words. */
export interface ItemList {
  readonly object: 'list'
  readonly data: readonly InputItem[]
  readonly has_more: boolean
  readonly first_id: string
  readonly last_id: string
}

/** A page of a list of items. @throws ServeError 400 when `after` or `before` is none of them. */
export const pageOf = (
  items: readonly InputItem[],
  { limit = 20, order = 'desc', after, before }: PageQuery,
): ItemList => {
  const step = order === 'asc' ? 1 : -1
  const from =
    after === undefined ? (order === 'asc' ? 0 : items.length - 1) : placeOf(items, after, 'after') + step
  const to = before === undefined ? (order === 'asc' ? items.length : -1) : placeOf(items, before, 'before')
  const data: InputItem[] = []
  let at = from
  for (; data.length < limit && (to - at) * step > 0; at += step) data.push(toShown(items[at] as InputItem))
  return {
    object: 'list',
    data,
    has_more: (to - at) * step > 0,
    first_id: idOf(data[0]),
    last_id: idOf(data.at(-1)),
  }
}

const placeOf = (items: readonly InputItem[], id: string, param: 'after' | 'before'): number => {
  const at = items.findIndex((item) => idOf(item) === id)
  if (at === -1) throw refusals.noSuchCursor(id, param)
  return at
}

const idOf = (item: InputItem | undefined): string => {
  const { id } = (item ?? {}) as { id?: unknown }
  return typeof id === 'string' ? id : ''
}
