import type { Includable } from './request-output.ts'

/** One page of a list. Ids are null or absent when it is empty. Source: Responses API, lists. */
export interface ListPage<Item> {
  object: 'list'
  data: Item[]
  /** More pages follow: ask again with `after: last_id`. */
  has_more: boolean
  first_id?: string | null
  last_id?: string | null
}

/** Query of a list. */
export interface ListQuery {
  /** Items per page, 1–100. @defaultValue `20` */
  limit?: number
  /** @defaultValue `'desc'`, newest first */
  order?: 'asc' | 'desc'
  /** Id of the item that the page begins after. */
  after?: string
  include?: readonly Includable[]
}
