import type { InputItem, Response } from '@antiphon/client'
import { SSE_DONE } from '@antiphon/client'
import type { StoredResponse } from '@antiphon/store'
import type { FrameSink } from '../http/reply.ts'
import { withoutFirst } from './frames.ts'
import { isEnded } from './is-ended.ts'
import { type ItemList, type PageQuery, pageOf } from './page-of.ts'
import { readEvents } from './read-events.ts'
import { refusals } from './refusals.ts'
import { liveKey, type Responder } from './responder.ts'
import { framesOf, writtenFrames } from './stored-frames.ts'
import { toldResponse } from './told-response.ts'

/** @throws ServeError 404. */
const findResponse = async (
  { responses }: Pick<Responder, 'responses'>,
  tenant: string,
  id: string,
): Promise<StoredResponse> => {
  const row = await responses.get(tenant, id)
  if (row === undefined) throw refusals.notFound('Response', id)
  return row
}

/** A response as it stands. @throws ServeError 404. */
export const getResponse = async (responder: Responder, tenant: string, id: string): Promise<Response> => {
  const row = await findResponse(responder, tenant, id)
  return { ...row.response, status: row.status }
}

/** The events of a response behind a number: those that were, those that come. @throws ServeError 404. */
export const streamResponse = async (
  responder: Responder,
  tenant: string,
  id: string,
  after: number,
): Promise<(sink: FrameSink) => void> => {
  const row = await findResponse(responder, tenant, id)
  if (!isEnded(row.status) || (await hasFrames(responder, row)))
    return (sink) => readEvents(responder, tenant, id, after, sink)
  const { text } = framesOf(row)
  return (sink) => {
    sink.write(withoutFirst(text, after + 1) + SSE_DONE)
    sink.end()
  }
}

const hasFrames = async ({ responses }: Responder, { tenant, id }: StoredResponse): Promise<boolean> => {
  for await (const _piece of responses.readFrames(tenant, id, -1)) return true
  return false
}

/** Cancels a background response, wherever it runs; one that has ended stays as it is. @throws ServeError 404, 400 for one that is not in the background. */
export const cancelResponse = async (responder: Responder, tenant: string, id: string): Promise<Response> => {
  const row = await findResponse(responder, tenant, id)
  if (!row.background) throw refusals.notBackground(id)
  if (!isEnded(row.status)) {
    // As far as it was told, should its process be gone; else that says how it ended.
    const { items } = await toldResponse(writtenFrames(responder, tenant, id))
    const output = items.map(({ item, sealed }) => (sealed ? item : { ...item, status: 'incomplete' }))
    const response = { ...row.response, status: 'cancelled', output } as Response
    await responder.responses.update(
      tenant,
      id,
      { status: 'cancelled', response },
      { status: ['queued', 'in_progress'] },
    )
  }
  const live = responder.live.get(liveKey(tenant, id))
  live?.cancel('The response was cancelled.')
  await live?.ended
  return getResponse(responder, tenant, id)
}

/** Removes a response. One that is going on is cancelled. @throws ServeError 404. */
export const deleteResponse = async (
  responder: Responder,
  tenant: string,
  id: string,
): Promise<{ readonly id: string; readonly object: 'response'; readonly deleted: true }> => {
  if (!(await responder.responses.delete(tenant, id))) throw refusals.notFound('Response', id)
  responder.live.get(liveKey(tenant, id))?.cancel('The response was removed.')
  return { id, object: 'response', deleted: true }
}

/** What a response was given: its own input, and before it all that it goes on from. @throws ServeError 404. */
export const listInputItems = async (
  responder: Responder,
  tenant: string,
  id: string,
  query: PageQuery,
): Promise<ItemList> => {
  const row = await findResponse(responder, tenant, id)
  const own = row.request.input as readonly InputItem[]
  const earlier = row.before === undefined ? [] : ((await responder.history.read(row.before)) as InputItem[])
  return pageOf([...earlier, ...own], query)
}
