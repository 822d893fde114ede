import { WireRefusal } from 'antiphon'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100

/** One page of a list, by `limit`, `order` and `after`. @throws WireRefusal for a value that none of them can have. */
export const listPage = <T extends { readonly id: string; readonly createdAt: number }>(
  all: readonly T[],
  query: URLSearchParams,
  toWire: (one: T) => object,
): object => {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new WireRefusal(400, `Expected \`limit\` to be from 1 to ${MAX_LIMIT}.`, {
      param: 'limit',
      code: 'invalid_value',
    })
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc')
    throw new WireRefusal(400, 'Expected `order` to be asc or desc.', {
      param: 'order',
      code: 'invalid_value',
    })
  const sign = order === 'asc' ? 1 : -1
  const sorted = [...all].sort((a, b) => sign * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)))
  const after = query.get('after')
  const begin = after === null ? 0 : sorted.findIndex(({ id }) => id === after) + 1
  if (after !== null && begin === 0)
    throw new WireRefusal(400, `There is no ${after} to begin behind.`, {
      param: 'after',
      code: 'invalid_value',
    })
  const page = sorted.slice(begin, begin + limit)
  return {
    object: 'list',
    data: page.map(toWire),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: begin + limit < sorted.length,
  }
}
