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
  const output: OutputItem[] = Array.isArray(response.output) ? response.output.filter(isTyped) : []
  const queued = response.status === 'queued'
  const begun = { ...response, ...UNKNOWN_YET, status: queued ? 'queued' : 'in_progress', output: [] }
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

const UNKNOWN_YET = { error: null, incomplete_details: null, usage: null, completed_at: null }

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
