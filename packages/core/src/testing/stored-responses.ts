import type { Response, ResponseRequest } from '@antiphon/client'
import type { WireEvent } from './wire-event.ts'

/** A response that a fake upstream remembers. */
interface Stored {
  response: Response
  events: readonly WireEvent[]
  input: unknown
  /** So many more looks find it unfinished. */
  pending: number
}

/** What a fake upstream says about a stored response. */
interface StoredAnswer {
  status: number
  body?: unknown
  events?: readonly WireEvent[]
}

/** Remembers responses, so that they can be retrieved, resumed, cancelled, listed and deleted. */
export interface StoredResponses {
  add(request: ResponseRequest, response: Response, events: readonly WireEvent[]): void
  has(id: string): boolean
  /** The response as it is right after it was asked for in the background. */
  queued(response: Response): Response
  /** Answers `GET`, `DELETE`, `/cancel` and `/input_items`; undefined for anything else. */
  answer(method: string, id: string, action: string, query: URLSearchParams): StoredAnswer | undefined
}

/** Beyond this the oldest is forgotten. */
const MAX_STORED = 1000

const unfinished = (response: Response, status: string): Response =>
  ({ ...response, status, output: [], usage: null, completed_at: null }) as Response

const listOf = (input: unknown, query: URLSearchParams): object => {
  const items = typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input
  const all = ((Array.isArray(items) ? items : []) as object[]).map((item, n) => ({
    id: `in_${n + 1}`,
    ...item,
  }))
  // Newest first, as the contract has it.
  if (query.get('order') !== 'asc') all.reverse()
  const after = query.get('after')
  const from = after === null ? 0 : all.findIndex((item) => item.id === after) + 1
  const data = all.slice(from, from + Number(query.get('limit') ?? 20))
  const has_more = from + data.length < all.length
  return { object: 'list', data, has_more, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

/** A memory of responses; those made in the background are unfinished for the first `polls` looks. */
export const storedResponses = (polls: number): StoredResponses => {
  const stored = new Map<string, Stored>()
  const look = (entry: Stored, query: URLSearchParams): StoredAnswer => {
    if (query.get('stream') !== 'true') {
      return {
        status: 200,
        body: entry.pending-- > 0 ? unfinished(entry.response, 'in_progress') : entry.response,
      }
    }
    const after = Number(query.get('starting_after') ?? -1)
    return { status: 200, events: entry.events.filter((event) => Number(event.sequence_number) > after) }
  }
  return {
    add(request, response, events) {
      const pending = request.background ? polls : 0
      stored.set(response.id, { response, events, input: request.input, pending })
      const [oldest] = stored.keys()
      if (stored.size > MAX_STORED && oldest !== undefined) stored.delete(oldest)
    },
    has: (id) => stored.has(id),
    queued: (response) => unfinished(response, 'queued'),
    answer(method, id, action, query) {
      const entry = stored.get(id)
      const known = ['GET ', 'DELETE ', 'POST cancel', 'GET input_items'].includes(`${method} ${action}`)
      if (!known) return undefined
      if (!entry) {
        const error = { message: `Response with id '${id}' not found.`, type: 'invalid_request_error' }
        return { status: 404, body: { error: { ...error, param: null, code: null } } }
      }
      if (action === 'input_items') return { status: 200, body: listOf(entry.input, query) }
      if (method === 'DELETE') {
        stored.delete(id)
        return { status: 200, body: { id, object: 'response', deleted: true } }
      }
      if (action === 'cancel') {
        if (entry.pending > 0) entry.response = unfinished(entry.response, 'cancelled')
        entry.pending = 0
        return { status: 200, body: entry.response }
      }
      return look(entry, query)
    },
  }
}
