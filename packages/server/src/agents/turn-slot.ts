import type { CustomToolCall, FunctionCall, InputItem, OutputItem } from '@antiphon/client'
import { type ItemView, type ShownCall, type ToolEndedEvent, withHistory } from 'antiphon'
import { type OutputLine, type Place, tellWhole } from '../upstream/output-line.ts'
import { argumentsOf, begunMcpCall, type ShownAs, toMcpCall } from './call-codec.ts'

/** Function and custom calls. */
export type CallItem = FunctionCall | CustomToolCall

/** An item of the turn under way. */
export interface Slot {
  /** Its `output_index` in the turn; undefined for one that the stream has not shown. */
  readonly inner: number | undefined
  readonly place: Place
  /** Id that the model gave it, and the one that it is shown with. */
  readonly rawId: unknown
  readonly id: string
  readonly item: OutputItem
  /** A call that has to be decided: whose it is, and whether it is run. */
  readonly isCall: boolean
  /** `verbatim`: as the model wrote it. `own`: as a call that this side runs; `done` when it has run, or waits for a decision. */
  as: 'open' | 'verbatim' | 'own' | 'hidden' | 'done'
  sealed: boolean
  /** As it was sealed. */
  whole?: OutputItem
  /** Reasoning that led to it and is shown with it, or not at all: without what follows it, no model takes it back. */
  readonly leads: readonly Slot[]
  call?: CallItem
  shownAs?: ShownAs
  /** How the call is shown, when it is not an `mcp_call` of the agent. */
  view?: ItemView | undefined
}

export const isCallItem = (item: { readonly type?: string }): boolean =>
  item.type === 'function_call' || item.type === 'custom_tool_call'

const showLeads = (line: OutputLine, { leads }: Slot): void => {
  for (const lead of leads) showVerbatim(line, lead)
}

/** An item under its own ids: the loop may have given a call another one, where a model uses one twice. */
const asShown = ({ id, call }: Slot, item: OutputItem): OutputItem =>
  ({ ...item, id, ...(call === undefined ? {} : { call_id: call.call_id }) }) as OutputItem

/** Shows an item as it is. */
export const showVerbatim = (line: OutputLine, slot: Slot): void => {
  if (slot.as !== 'open') return
  showLeads(line, slot)
  slot.as = 'verbatim'
  const { place } = slot
  place.held = place.held.map((draft) =>
    draft.item === undefined ? draft : { ...draft, item: asShown(slot, draft.item as OutputItem) },
  )
  line.show(place, asShown(slot, slot.item))
}

export const hide = (line: OutputLine, slot: Slot): void => {
  if (slot.as !== 'open') return
  slot.as = 'hidden'
  line.hide(slot.place)
}

/** Seals an item as it is. */
export const seal = (line: OutputLine, slot: Slot, item: OutputItem): void => {
  if (slot.sealed) return
  slot.sealed = true
  slot.whole = item
  if (slot.as === 'open' || slot.as === 'verbatim') line.finish(slot.place, asShown(slot, item))
}

/** Shows a call as one that this side runs: its arguments are whole. */
export const showOwn = (line: OutputLine, slot: Slot): void => {
  const { place, call, shownAs } = slot
  if (slot.as !== 'open' || call === undefined || shownAs === undefined) return
  showLeads(line, slot)
  slot.as = 'own'
  // What the model wrote is told in other events.
  place.held = []
  if (slot.view !== undefined) {
    const { item, events } = slot.view.begin(shownCall(call, shownAs))
    line.show(place, item)
    for (const event of events) line.tell(place, event)
    return
  }
  const item_id = shownAs.id
  const args = argumentsOf(call)
  line.show(place, begunMcpCall(call, shownAs))
  line.tell(place, { type: 'response.mcp_call.in_progress', item_id })
  if (args !== '') line.tell(place, { type: 'response.mcp_call_arguments.delta', item_id, delta: args })
  line.tell(place, { type: 'response.mcp_call_arguments.done', item_id, arguments: args })
}

/** The call is answered. */
export const finishOwn = (
  line: OutputLine,
  slot: Slot,
  { outcome, output, details }: Pick<ToolEndedEvent, 'outcome' | 'output' | 'details'>,
): void => {
  const { place, call, shownAs } = slot
  if (slot.as !== 'own' || call === undefined || shownAs === undefined) return
  if (slot.view !== undefined) return finishView(line, slot, { outcome, output, details })
  const failed = outcome !== 'ok'
  const item = toMcpCall({ call, output: output as InputItem, failed }, shownAs)
  line.tell(place, { type: `response.mcp_call.${failed ? 'failed' : 'completed'}`, item_id: shownAs.id })
  line.finish(place, item)
  slot.as = 'done'
}

/** A call as its view gets it. */
const shownCall = (call: CallItem, { id, approvalRequestId }: ShownAs): ShownCall => ({
  id,
  callId: call.call_id,
  name: call.name,
  arguments: argumentsOf(call),
  ...(approvalRequestId === undefined ? {} : { approvalRequestId }),
})

/** What the tool told on its way. */
export const tellProgress = (line: OutputLine, slot: Slot, progress: unknown): void => {
  const { place, call, shownAs, view } = slot
  if (slot.as !== 'own' || call === undefined || shownAs === undefined) return
  for (const event of view?.progress?.(shownCall(call, shownAs), progress) ?? []) line.tell(place, event)
}

const finishView = (
  line: OutputLine,
  slot: Slot,
  { outcome, output, details }: Pick<ToolEndedEvent, 'outcome' | 'output' | 'details'>,
): void => {
  const { place, call, shownAs, view } = slot
  if (call === undefined || shownAs === undefined || view === undefined) return
  const shown = shownCall(call, shownAs)
  const { events, item, after = [] } = view.end({ ...shown, outcome, output: output.output, details })
  for (const event of events) line.tell(place, event)
  const approved =
    shownAs.approvalRequestId === undefined ? {} : { approval_request_id: shownAs.approvalRequestId }
  // What the model is given of it stands in no item of the wire.
  const history = [call, { ...output, call_id: call.call_id }] as InputItem[]
  line.finish(place, withHistory({ ...item, ...approved }, history))
  slot.as = 'done'
  for (const next of after) showWhole(line, withHistory(next, []))
}

/** Shows an item that is whole, in the next place. */
export const showWhole = (line: OutputLine, item: OutputItem): void => {
  const place = line.open()
  const begun = item.type === 'mcp_list_tools' ? { ...item, tools: [] } : item
  line.show(place, { ...begun, ...('status' in item ? { status: 'in_progress' } : {}) } as OutputItem)
  tellWhole(line, place, item)
  line.finish(place, item)
}

/** Asks for approval in the place of the call. */
export const askApproval = (line: OutputLine, slot: Slot, request: OutputItem): void => {
  if (slot.as !== 'open') return
  showLeads(line, slot)
  slot.as = 'done'
  slot.place.held = []
  line.show(slot.place, request)
  line.finish(slot.place, request)
}
