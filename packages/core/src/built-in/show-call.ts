import type { OutputItem } from '@antiphon/client'
import type { ToolEndedEvent } from '../events/events.ts'
import type { ItemView, ShownCall } from './item-view.ts'

/** The id of a call's item in a run: the call's own, under the prefix of its view. */
const shownIdOf = ({ idPrefix }: ItemView, callId: string): string =>
  `${idPrefix}_${callId.replace(/^call_/, '')}`

/** A call as an item, before it has run. */
export const begunItem = (view: ItemView, call: Omit<ShownCall, 'id'>): OutputItem =>
  view.begin({ ...call, id: shownIdOf(view, call.callId) }).item

/** An answered call as items. */
export const endedItems = (
  view: ItemView,
  call: Omit<ShownCall, 'id'>,
  { outcome, output, details }: Pick<ToolEndedEvent, 'outcome' | 'output' | 'details'>,
): readonly OutputItem[] => {
  const { item, after } = view.end({
    ...call,
    id: shownIdOf(view, call.callId),
    outcome,
    output: output.output,
    details,
  })
  return after === undefined ? [item] : [item, ...after]
}
