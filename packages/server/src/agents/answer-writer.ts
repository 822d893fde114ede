import {
  type Annotation,
  isTerminalEvent,
  type McpApprovalRequest,
  type OutputItem,
  type Response,
  type ResponseEvent,
} from '@antiphon/client'
import {
  type GatedCall,
  type ItemView,
  type PendingCall,
  type RunEvent,
  type ToolEndedEvent,
  type ToolProgressEvent,
  type ToolQueuedEvent,
  type TurnEndedEvent,
  type TurnStartedEvent,
  type WarningEvent,
  withHistory,
} from 'antiphon'
import { approvedCallId, callItemIds } from '../upstream/item-id.ts'
import { type Ended, isSameItem, type OutputLine, tellWhole, withId } from '../upstream/output-line.ts'
import { WireIds } from '../upstream/wire-ids.ts'
import { annotatedEnd, annotatedItem, ENDS_TEXT } from './annotated.ts'
import type { DecidedCall } from './approval-decisions.ts'
import { argumentsOf, callOf } from './call-codec.ts'
import type { GateListener } from './caller-bounds.ts'
import {
  askApproval,
  type CallItem,
  finishOwn,
  hide,
  isCallItem,
  type Slot,
  seal,
  showOwn,
  showVerbatim,
  showWhole,
  tellProgress,
} from './turn-slot.ts'

/** What an answer is shown by. */
export interface Shown {
  readonly responseId: string
  /** Name of the agent. */
  readonly label: string
  /** The client answers calls of this name. */
  isClients(name: string): boolean
  /** A call of the client's may still be refused: it is not shown before it is whole. */
  readonly mayRefuse: boolean
  /** An answer in the wrong shape is asked for again: no message is shown before it is known to be right. */
  readonly mayRepair: boolean
  /** Calls may be left out of the answer, and then so is the reasoning that led to nothing else. */
  readonly mayHide: boolean
  /** Tools that take text in the place of JSON. */
  isCustom(name: string): boolean
  /** How calls of a name are shown, when not as `mcp_call`s. */
  viewOf(name: string): ItemView | undefined
  /** What a text of the model's points to. */
  annotate?(text: string): readonly Annotation[]
}

/** Makes one response of the events of a run: items of all turns in their order, calls by who answers them. */
export class AnswerWriter implements GateListener {
  readonly #line: OutputLine
  readonly #shown: Shown
  readonly #ids: WireIds
  #turn = -1
  #slots: Slot[] = []
  #byCall = new Map<string, Slot>()
  /** Messages of which it is not known whether they will be repaired. */
  #unsure: Slot[] = []
  /** Reasoning of the turn that is shown with what it leads to. */
  #leads: Slot[] = []
  #last = false

  constructor(line: OutputLine, shown: Shown) {
    this.#line = line
    this.#shown = shown
    this.#ids = new WireIds(shown.responseId)
  }

  /** Items that tools show before the first answer. */
  announce(items: readonly OutputItem[]): void {
    for (const item of items) showWhole(this.#line, withHistory(item, []))
  }

  /** Calls that were approved run before anything else. */
  begin(approved: readonly DecidedCall[]): void {
    this.#line.begin()
    for (const { request, pending } of approved) {
      const call = callOf({ ...request, name: pending.name }, this.#shown.isCustom)
      const slot = this.#add(undefined, call)
      slot.view = this.#shown.viewOf(pending.name)
      const id = withPrefix(approvedCallId(request.id), slot.view)
      slot.call = call
      slot.shownAs = { id, serverLabel: this.#shown.label, approvalRequestId: request.id }
      this.#byCall.set(call.call_id, slot)
      showOwn(this.#line, slot)
    }
  }

  readonly take = (event: RunEvent): void => {
    switch (event.type) {
      case 'turn.started':
        return this.#startTurn(event as TurnStartedEvent)
      case 'turn.ended':
        return this.#endTurn((event as TurnEndedEvent).response)
      case 'tool.queued':
        return this.#link(event as ToolQueuedEvent)
      case 'tool.progress': {
        const { callId, progress } = event as ToolProgressEvent
        const slot = this.#byCall.get(callId)
        if (slot !== undefined) tellProgress(this.#line, slot, progress)
        return
      }
      case 'tool.started':
        return this.#showRunning((event as { callId: string }).callId)
      case 'tool.ended':
        return this.#endCall(event as ToolEndedEvent)
      case 'limit.reached':
        this.#last = true
        return
      case 'warning':
        if ((event as WarningEvent).code === 'output_repaired') this.#settleUnsure(hide)
        return
      default:
        if (event.type.startsWith('response.')) this.#takeWire(event as ResponseEvent)
    }
  }

  onAdmitted({ callId, tool }: GatedCall): void {
    const slot = this.#byCall.get(callId)
    if (slot === undefined || tool === undefined) return
    if (tool.execute === undefined && tool.handoffTo === undefined) showVerbatim(this.#line, slot)
    else if (tool.needsApproval === undefined || tool.needsApproval === false) showOwn(this.#line, slot)
  }

  onRefused(callId: string): void {
    const slot = this.#byCall.get(callId)
    if (slot !== undefined) hide(this.#line, slot)
  }

  /** The item that asks for the approval of a call. */
  requestFor({ callId, name, arguments: args }: PendingCall): McpApprovalRequest {
    const { request: id } = this.#idsOf(callId)
    const { serverLabel = this.#shown.label, name: shownName = name } =
      this.#shown.viewOf(name)?.approvalAs ?? {}
    return { id, type: 'mcp_approval_request', server_label: serverLabel, name: shownName, arguments: args }
  }

  /** Shows that a call waits for a decision. */
  ask(callId: string, request: McpApprovalRequest): void {
    const slot = this.#byCall.get(callId)
    if (slot !== undefined) askApproval(this.#line, slot, request)
  }

  end(ended: Ended): void {
    this.#line.end(ended)
  }

  /** The run is over: what is open will not be decided. */
  close(): void {
    this.#settleUnsure(showVerbatim)
    this.#closeTurn()
  }

  #startTurn({ turn }: TurnStartedEvent): void {
    this.close()
    this.#turn = turn
    this.#slots = []
    this.#byCall = new Map()
    this.#leads = []
  }

  #takeWire(event: ResponseEvent): void {
    const { output_index: inner } = event as { output_index?: unknown }
    if (typeof inner !== 'number') {
      if (event.type === 'response.created') this.#ids.startTurn(this.#turn, event.response?.id)
      return
    }
    if (isTerminalEvent(event)) return
    if (event.type === 'response.output_item.added') {
      this.#open(inner, event.item)
      return
    }
    const slot = this.#slots.findLast((each) => each.inner === inner)
    // What was never announced comes whole, at the end of the turn.
    if (slot === undefined || slot.sealed) return
    if (event.type === 'response.output_item.done') this.#seal(slot, event.item)
    else if (this.#shown.annotate !== undefined && ENDS_TEXT.has(event.type)) this.#tellAnnotated(slot, event)
    else if (slot.as === 'open' || slot.as === 'verbatim') this.#line.tell(slot.place, withId(event, slot.id))
  }

  #open(inner: number, item: OutputItem): Slot {
    const slot = this.#add(inner, item)
    const { mayRefuse, mayRepair, mayHide } = this.#shown
    if (slot.isCall) {
      const { name } = item as { name?: unknown }
      const isCertain = !mayRefuse && !this.#last && !this.#repeats(slot)
      if (isCertain && typeof name === 'string' && this.#shown.isClients(name)) showVerbatim(this.#line, slot)
    } else if (mayRepair && item.type === 'message') this.#unsure.push(slot)
    else if (item.type === 'reasoning' && (mayHide || this.#last)) this.#leads.push(slot)
    else showVerbatim(this.#line, slot)
    return slot
  }

  /** A call id comes for the second time: the call may be dropped, or get another id. */
  #repeats(slot: Slot): boolean {
    const { call_id } = slot.item as CallItem
    return this.#slots.some(
      (other) => other !== slot && other.isCall && (other.item as CallItem).call_id === call_id,
    )
  }

  #add(inner: number | undefined, item: OutputItem): Slot {
    const slot: Slot = {
      inner,
      place: this.#line.open(),
      rawId: (item as { id?: unknown }).id,
      id: this.#ids.idOf(item, this.#slots.length),
      item,
      isCall: isCallItem(item),
      as: 'open',
      sealed: false,
      leads: [...this.#leads],
    }
    this.#slots.push(slot)
    return slot
  }

  /** A call was accepted: this is its place. */
  #link({ callId, name, arguments: args }: ToolQueuedEvent): void {
    // A call inside of another has no item.
    if (/\.\d+$/.test(callId) && this.#byCall.has(callId.replace(/\.\d+$/, ''))) return
    const free = this.#slots.filter((slot) => slot.isCall && slot.call === undefined)
    const slot =
      free.find(({ item }) => (item as CallItem).call_id === callId) ??
      free.find(({ whole }) => whole !== undefined && isCall(whole as CallItem, name, args)) ??
      this.#add(undefined, callItem(this.#shown.isCustom(name), callId, name, args))
    slot.call = callItem(slot.item.type === 'custom_tool_call', callId, name, args)
    slot.view = this.#shown.viewOf(name)
    const id = withPrefix(this.#idsOf(callId).call, slot.view)
    slot.shownAs = { id, serverLabel: this.#shown.label }
    this.#byCall.set(callId, slot)
  }

  #idsOf(callId: string): { call: string; request: string } {
    return callItemIds(this.#shown.responseId, this.#turn, this.#ids.upstreamId, callId)
  }

  #showRunning(callId: string): void {
    const slot = this.#byCall.get(callId)
    if (slot !== undefined) showOwn(this.#line, slot)
  }

  #endCall(event: ToolEndedEvent): void {
    const slot = this.#byCall.get(event.callId)
    if (slot === undefined) return
    if (slot.as === 'open' && this.#shown.isClients(event.name)) hide(this.#line, slot)
    showOwn(this.#line, slot)
    finishOwn(this.#line, slot, event)
  }

  /** The turn is over, and this is its response: whatever its events lacked is made up for. */
  #endTurn(response: Response): void {
    const slots = this.#slots.filter(({ inner }) => inner !== undefined)
    slots.sort((a, b) => (a.inner as number) - (b.inner as number))
    const isWhole = slots.length === response.output.length
    response.output.forEach((item, index) => {
      const slot = isWhole ? slots[index] : slots.find((each) => isSameItem(each, item, index))
      if (slot !== undefined) this.#seal(slot, item)
      else if (!isCallItem(item)) this.#addWhole(item)
      else this.#sealUnseen(item as CallItem)
    })
    const isAnswer = response.status === 'completed' && !response.output.some(isCallItem)
    if (!isAnswer) this.#settleUnsure(showVerbatim)
    // What leads to nothing is the end.
    for (const lead of this.#leads)
      if (!this.#slots.some(({ leads }) => leads.includes(lead))) showVerbatim(this.#line, lead)
    // Dropped by the loop: the same call again.
    for (const slot of this.#slots) if (slot.isCall && slot.call === undefined) hide(this.#line, slot)
  }

  #addWhole(item: OutputItem): void {
    const slot = this.#open(-1, item)
    const id = slot.id
    const whole = this.#annotated(item)
    tellWhole(this.#line, slot.place, { ...whole, id } as OutputItem)
    seal(this.#line, slot, whole)
  }

  /** A call that no event has announced, which the client answers. */
  #sealUnseen(item: CallItem): void {
    const slot = this.#byCall.get(item.call_id)
    if (slot !== undefined && slot.inner === undefined) seal(this.#line, slot, item)
  }

  #seal(slot: Slot, item: OutputItem): void {
    seal(this.#line, slot, this.#annotated(item))
  }

  #annotated(item: OutputItem): OutputItem {
    const { annotate } = this.#shown
    return annotate === undefined ? item : annotatedItem(item, annotate)
  }

  /** The text of a part is whole: what it points to is told before its end. */
  #tellAnnotated(slot: Slot, event: ResponseEvent): void {
    if (slot.as !== 'open' && slot.as !== 'verbatim') return
    for (const each of annotatedEnd(event, this.#shown.annotate ?? (() => [])))
      this.#line.tell(slot.place, withId(each, slot.id))
  }

  #settleUnsure(settle: (line: OutputLine, slot: Slot) => void): void {
    for (const slot of this.#unsure.splice(0)) settle(this.#line, slot)
  }

  #closeTurn(): void {
    for (const slot of this.#slots) {
      if (slot.as === 'open') hide(this.#line, slot)
      else if (slot.as === 'own')
        finishOwn(this.#line, slot, { outcome: 'aborted', output: NOT_RUN as ToolEndedEvent['output'] })
      else if (!slot.sealed) seal(this.#line, slot, { ...slot.item, status: 'incomplete' } as OutputItem)
    }
  }
}

const withPrefix = (id: string, view: ItemView | undefined): string =>
  view === undefined ? id : id.replace(/^[a-z]+_/, `${view.idPrefix}_`)

const isCall = (item: CallItem, name: string, args: string): boolean =>
  item.name === name && argumentsOf(item) === args

const callItem = (isCustom: boolean, call_id: string, name: string, args: string): CallItem =>
  isCustom
    ? { type: 'custom_tool_call', call_id, name, input: args }
    : { type: 'function_call', call_id, name, arguments: args }

const NOT_RUN = { type: 'function_call_output', call_id: '', output: 'Not executed: the response failed.' }
