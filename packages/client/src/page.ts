import { AntiphonError } from './errors.ts'
import { ParameterError, unexpected } from './parameter-error.ts'
import type { ListPage, ListQuery } from './protocol/list-page.ts'

/**
 * One page of a list; iterate it to read this page and all that follow.
 *
 * Iteration ends with an error rather than running forever when a server repeats itself.
 */
export interface Page<Item> extends AsyncIterable<Item> {
  /** The items of this page, verbatim. */
  readonly data: Item[]
  readonly hasMore: boolean
  readonly firstId?: string
  readonly lastId?: string
  /** The list as it came over the wire. */
  readonly wire: ListPage<Item>
  /** Reads the page after this one; undefined when this is the last. */
  nextPage(): Promise<Page<Item> | undefined>
}

/** A server that never says it is done would otherwise be read forever. */
const maxPages = 10_000

/**
 * Reads a page.
 *
 * @throws ParameterError `invalid_parameter` for a `limit` outside 1–100 or an unknown `order`.
 */
export async function readPage<Item>(
  params: ListQuery,
  read: (query: WireQuery) => Promise<ListPage<Item>>,
): Promise<Page<Item>> {
  checkListParams(params)
  const wire = await read(listQuery(params))
  if (typeof wire !== 'object' || wire === null) throw noList()
  const data = Array.isArray(wire.data) ? wire.data : []
  const lastId = textIn(wire.last_id) ?? idOf(data.at(-1))
  const hasMore = wire.has_more === true && data.length > 0 && lastId !== undefined

  const nextPage = async (): Promise<Page<Item> | undefined> => {
    if (!hasMore) return undefined
    if (lastId === params.after) throw repeats(lastId)
    return readPage({ ...params, after: lastId }, read)
  }

  return {
    data,
    hasMore,
    firstId: textIn(wire.first_id) ?? idOf(data[0]),
    lastId,
    wire,
    nextPage,
    [Symbol.asyncIterator]: () => eachItem({ data, lastId, nextPage }),
  }
}

type ItemsOf<Item> = Pick<Page<Item>, 'data' | 'lastId' | 'nextPage'>

async function* eachItem<Item>(first: ItemsOf<Item>): AsyncGenerator<Item, void, undefined> {
  const seen = new Set<string | undefined>()
  for (let page: ItemsOf<Item> | undefined = first; page; page = await page.nextPage()) {
    if (seen.has(page.lastId) || seen.size >= maxPages) throw repeats(page.lastId)
    seen.add(page.lastId)
    yield* page.data
  }
}

const repeats = (lastId: string | undefined): AntiphonError<'pagination_loop'> =>
  new AntiphonError(
    'pagination_loop',
    `The server keeps saying that more items follow \`${lastId}\`. Read page by page with \`after\`, or raise \`limit\`.`,
  )

/** Parameters in the URL; undefined ones are not sent. */
export type WireQuery = Record<string, string | number | boolean | readonly string[] | undefined>

const listQuery = ({ limit, order, after, include }: ListQuery): WireQuery => ({
  limit,
  order,
  after,
  'include[]': include,
})

function checkListParams({ limit, order, include }: ListQuery): void {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= 100)) {
    throw unexpected('limit', 'an integer from 1 to 100', limit)
  }
  if (order !== undefined && order !== 'asc' && order !== 'desc')
    throw unexpected('order', "'asc' or 'desc'", order)
  if (include !== undefined && !Array.isArray(include)) {
    throw new ParameterError('include', 'Expected `include` to be an array of strings.')
  }
}

const idOf = (item: unknown): string | undefined => textIn((item as { id?: unknown } | null | undefined)?.id)

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const noList = (): AntiphonError<'invalid_answer'> =>
  new AntiphonError(
    'invalid_answer',
    'The answer is JSON, but no list. Check that `baseURL` belongs to an endpoint that keeps responses and conversations.',
  )
