import type { ResponseEvent } from '../protocol/events.ts'
import type { OutputItem } from '../protocol/output-items.ts'
import type { Response } from '../protocol/response.ts'
import { type Draft, itemEvents } from './item-events.ts'
import { isTyped } from './open-item.ts'

/**
 * The events that would have streamed a response, so that a JSON answer takes the same path as a streamed one.
 *
 * Created, in progress, each item with its content, and the terminal event that `status` asks for (`response.cancelled`
 * for a cancelled response); no terminal event when the response has not ended (`queued`, `in_progress`).
 * `accumulate(eventsOf(response))` gives an equal response. Source: Responses API, streaming events.
 */
export const eventsOf = (response: Response): ResponseEvent[] => {
  const output = outputOf(response)
  const queued = response.status === 'queued'
  const begun = begunOf(response, queued ? 'queued' : 'in_progress')
  const drafts: Draft[] = [
    { type: 'response.created', response: begun },
    { type: queued ? 'response.queued' : 'response.in_progress', response: begun },
  ]
  for (const [output_index, item] of output.entries()) {
    const { id } = item as { id?: unknown }
    const { added, between } = itemEvents(item, { item_id: typeof id === 'string' ? id : '', output_index })
    drafts.push({ type: 'response.output_item.added', output_index, item: added })
    for (const draft of between) drafts.push(draft)
    drafts.push({ type: 'response.output_item.done', output_index, item })
  }
  const type = terminalType(response)
  if (type !== undefined) drafts.push({ type, response })
  for (let n = 0; n < drafts.length; n++) (drafts[n] as Draft).sequence_number = n
  return drafts as unknown as ResponseEvent[]
}

/**
 * Those of these events that a fold needs: what there is between the beginning of an item and its end says nothing that the end does not say.
 *
 * For a fold that nobody watches; their sequence numbers are their own.
 */
export const essentialEventsOf = (response: Response): ResponseEvent[] => {
  const drafts: Draft[] = [{ type: 'response.created', response: begunOf(response, 'in_progress') }]
  const output = outputOf(response)
  for (let index = 0; index < output.length; index++)
    drafts.push({ type: 'response.output_item.done', output_index: index, item: output[index] })
  const type = terminalType(response)
  if (type !== undefined) drafts.push({ type, response })
  for (let n = 0; n < drafts.length; n++) (drafts[n] as Draft).sequence_number = n
  return drafts as unknown as ResponseEvent[]
}

const outputOf = ({ output }: Response): OutputItem[] => (Array.isArray(output) ? output.filter(isTyped) : [])

/** The response as it was when it began: what only its end tells is not known yet. */
const begunOf = (response: Response, status: 'queued' | 'in_progress'): Response => {
  const begun: Response = { ...response }
  begun.error = null
  begun.incomplete_details = null
  begun.usage = null
  begun.completed_at = null
  begun.status = status
  begun.output = []
  return begun
}

const terminalType = ({ status, error }: Response): string | undefined => {
  switch (status) {
    case 'queued':
    case 'in_progress':
      return undefined
    case 'incomplete':
    case 'failed':
    case 'cancelled':
      return `response.${status}`
    default:
      return status === undefined && error ? 'response.failed' : 'response.completed'
  }
}
