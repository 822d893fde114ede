import {
  encodeSse,
  eventsOf,
  isTerminalEvent,
  type OutputItem,
  type Response,
  type ResponseEvent,
} from '@antiphon/client'
import { historyOf, withHistory } from 'antiphon'
import { endResponse } from '../request/echo.ts'
import { isPlainDelta, TEXT_DELTA, TextDelta } from '../upstream/text-delta.ts'
import { completeItem, completePart } from './complete-item.ts'
import { OpenText } from './open-text.ts'
import type { ToldItem, ToldResponse } from './told-response.ts'

/** Takes one frame, which goes over the wire as it is. `urgent`: something has ended, so nobody should wait for it. */
export type FrameOut = (frame: string, sequence: number, urgent: boolean) => void

/** How a response ended. */
export type Ending = Pick<Response, 'status'> &
  Partial<Pick<Response, 'usage' | 'error' | 'incomplete_details' | 'completed_at' | 'output'>>

/** An item of the upstream's answer, by its place there. */
interface Slot {
  readonly outer: number
  readonly id: string
  /** It was told before the process that told it ended: only what is missing is told. */
  readonly told: ToldItem | undefined
  sealed: boolean
  /** Beginning of the frames of its plain text deltas, which is most of them, and the part that it is for. */
  deltaStart?: string
  deltaPart?: number
  /** Parts that were announced, of its content and of its summary. */
  content: number
  summary: number
  /** What was told of it, for the case that nothing more comes. */
  readonly text: OpenText
}

const newSlot = (outer: number, id: string): Slot => ({
  outer,
  id,
  told: undefined,
  sealed: false,
  content: 0,
  summary: 0,
  text: new OpenText(),
})

/** Begins and ends are told once, by the server. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'error',
])

/**
 * Makes the wire events of one stored response of those of an upstream: one beginning and one end, numbered without gaps, each with the fields that readers count on.
 *
 * After a crash it is given what was told already. The upstream then tells everything again: items that readers have are passed over, items that they have in part are
 * finished, and what begun items do not come again are closed as `incomplete` before the first new one.
 */
export class WireWriter {
  readonly output: OutputItem[] = []
  readonly #base: Response
  readonly #out: FrameOut | undefined
  readonly #obfuscate: boolean
  readonly #slots: (Slot | undefined)[] = []
  readonly #told: ToldResponse | undefined
  /** The response as it begins, as text: each of its states is told twice. */
  #begun: { readonly status: string; readonly text: string } | undefined
  #sequence = 0
  #isOver = false

  constructor(
    base: Response,
    out: FrameOut | undefined,
    options: { obfuscate?: boolean; told?: ToldResponse } = {},
  ) {
    this.#base = base
    this.#out = out
    this.#obfuscate = options.obfuscate === true
    this.#told = options.told
    if (options.told === undefined) return
    this.#sequence = options.told.next
    for (const { item } of options.told.items) this.output.push(item)
  }

  /** Number of the next event. */
  get next(): number {
    return this.#sequence
  }

  /** The first events. After a crash they are there. */
  begin(queued: boolean): void {
    if (this.#sequence > 0) return
    const status = queued ? 'queued' : 'in_progress'
    this.#pushBegun('response.created', status)
    if (queued) this.#pushBegun('response.queued', status)
  }

  /** It runs from here on. */
  start(): void {
    if (this.#told?.started === true) return
    this.#pushBegun('response.in_progress', 'in_progress')
    this.#begun = undefined
  }

  /** Takes an event of the upstream. */
  readonly take = (event: ResponseEvent): void => {
    if (event instanceof TextDelta) return this.#takeText(event)
    // Readers take any event with an `error` for the end.
    if (this.#isOver || typeof event.type !== 'string' || (event as { error?: unknown }).error) return
    const { type, output_index: inner } = event as { type: string; output_index?: number }
    if (typeof inner !== 'number') {
      if (!SERVERS_OWN.has(type) && !isTerminalEvent(event)) this.#pushOf(event, {})
      return
    }
    if (type === 'response.output_item.added') return this.#open(inner, (event as { item: OutputItem }).item)
    const slot = this.#slots[inner]
    if (slot === undefined) return
    if (slot.sealed) {
      if (type === 'response.output_item.done') this.#carry(slot, (event as { item: OutputItem }).item)
      return
    }
    if (type === 'response.output_item.done') return this.#seal(slot, (event as { item: OutputItem }).item)
    if (slot.told !== undefined || !hasPlace(event, slot)) return
    if (!this.#obfuscate && isPlainDelta(event)) this.#pushDelta(event, slot)
    else {
      slot.text.take(event)
      this.#pushOf(event, this.#ownFields(event, slot))
    }
  }

  /** The response as it is when it ends so. Nothing more is taken. */
  whole(ending: Ending): Response {
    this.#isOver = true
    this.#closeLeft()
    this.#closeOpen()
    return endResponse(this.#base, { ...ending, output: this.output })
  }

  /** Ends the response; returns it whole. */
  end(ending: Ending): Response {
    const response = this.whole(ending)
    const type = terminalTypeOf(ending.status ?? 'completed')
    if (ending.status === 'failed') {
      const { type: error, ...facts } = errorEventOf(response)
      this.#push(error, facts, true)
    }
    this.#push(type, { response }, true)
    return response
  }

  #takeText(event: TextDelta & ResponseEvent): void {
    const slot = this.#slots[event.output_index]
    if (this.#isOver || slot === undefined || slot.sealed || slot.told !== undefined) return
    if (event.content_index < 0 || event.content_index >= slot.content) return
    if (!this.#obfuscate) return this.#pushDelta(event, slot)
    slot.text.add(event.delta, event.content_index)
    this.#pushOf(event, this.#ownFields(event, slot))
  }

  #open(inner: number, item: OutputItem): void {
    const id = (item as { id?: unknown }).id as string
    const told = this.#told?.items.find((known) => known.id === id && !known.taken)
    if (told !== undefined) {
      told.taken = true
      this.#slots[inner] = { ...newSlot(this.output.indexOf(told.item), id), told, sealed: told.sealed }
      return
    }
    this.#closeLeft()
    const outer = this.output.push(item) - 1
    this.#slots[inner] = newSlot(outer, id)
    this.#push('response.output_item.added', { output_index: outer, item: completeItem(item) }, true)
  }

  #seal(slot: Slot, item: OutputItem): void {
    slot.sealed = true
    const whole = completeItem(item)
    this.output[slot.outer] = whole
    if (slot.told !== undefined)
      for (const event of slot.told.missing(eventsOf({ ...this.#base, output: [whole] })))
        this.#pushOf(event, { output_index: slot.outer })
    this.#push('response.output_item.done', { output_index: slot.outer, item: whole }, true)
  }

  /** What an item carries is in no frame: of one that was told before a crash, it comes again. */
  #carry({ told, outer }: Slot, item: OutputItem): void {
    const history = told === undefined ? undefined : historyOf(item)
    if (history !== undefined) this.output[outer] = withHistory(this.output[outer] as OutputItem, history)
  }

  /** What was begun before a crash and did not come again. */
  #closeLeft(): void {
    for (const told of this.#told?.items ?? []) {
      if (told.sealed || told.taken) continue
      told.taken = true
      const outer = this.output.indexOf(told.item)
      this.#close({ ...newSlot(outer, told.id), text: told.text })
    }
  }

  /** The upstream has ended inside of items. */
  #closeOpen(): void {
    for (const slot of this.#slots)
      if (slot !== undefined && !slot.sealed)
        this.#close(slot.told === undefined ? slot : { ...slot, text: slot.told.text })
    for (const slot of this.#slots) if (slot !== undefined) slot.sealed = true
  }

  /** Ends an item where it stands: with the text that was told, and no more. */
  #close(slot: Slot): void {
    const item = completeItem(slot.text.incomplete(this.output[slot.outer] as OutputItem))
    for (const event of slot.text.ends(eventsOf({ ...this.#base, output: [item] })))
      this.#pushOf(event, this.#ownFields(event, slot))
    this.output[slot.outer] = item
    this.#push('response.output_item.done', { output_index: slot.outer, item }, true)
  }

  #ownFields(event: ResponseEvent, slot: Slot): Record<string, unknown> {
    const own: Record<string, unknown> = { output_index: slot.outer }
    const { part, item_id, type } = event as { part?: unknown; item_id?: unknown; type: string }
    if (item_id !== undefined) own.item_id = slot.id
    if (part !== undefined) own.part = completePart(part)
    if (WITH_LOGPROBS.has(type)) own.logprobs = (event as { logprobs?: unknown }).logprobs ?? []
    if (this.#obfuscate && type.endsWith('.delta')) own.obfuscation = padding(event)
    return own
  }

  /** The same frame that `#pushOf` makes, put together of what never changes and what does. */
  #pushDelta({ delta, content_index: part }: Pick<TextDelta, 'delta' | 'content_index'>, slot: Slot): void {
    if (slot.deltaStart === undefined || slot.deltaPart !== part) {
      const fixed = {
        type: TEXT_DELTA,
        item_id: slot.id,
        output_index: slot.outer,
        content_index: part,
        logprobs: [],
      }
      slot.deltaStart = `event: ${TEXT_DELTA}\ndata: ${JSON.stringify(fixed).slice(0, -1)},"delta":`
      slot.deltaPart = part
    }
    slot.text.add(delta, part)
    const sequence = this.#sequence++
    this.#out?.(
      `${slot.deltaStart}${JSON.stringify(delta)},"sequence_number":${sequence}}\n\n`,
      sequence,
      false,
    )
  }

  /** The base in one of its two states; the same as `#push` would tell, with its text made once for both. */
  #pushBegun(type: string, status: 'queued' | 'in_progress'): void {
    const sequence = this.#sequence++
    if (this.#out === undefined) return
    if (this.#begun?.status !== status)
      this.#begun = { status, text: JSON.stringify({ ...this.#base, status }) }
    const response = this.#begun.text
    this.#out(
      `event: ${type}\ndata: {"response":${response},"type":"${type}","sequence_number":${sequence}}\n\n`,
      sequence,
      true,
    )
  }

  #pushOf(event: ResponseEvent, own: Record<string, unknown>): void {
    this.#push(event.type, { ...event, ...own }, false)
  }

  #push(type: string, fields: object, urgent: boolean): void {
    const sequence = this.#sequence++
    this.#out?.(
      encodeSse({ ...fields, type, sequence_number: sequence } as { type: string }),
      sequence,
      urgent,
    )
  }
}

/** An error in a stream is read nested by some and flat by others; so it is both. */
export const errorEventOf = ({ error }: Response): { readonly type: 'error'; readonly error: object } => {
  const facts = {
    code: error?.code ?? 'server_error',
    message: error?.message ?? 'The response failed.',
    param: null,
  }
  return { type: 'error', ...facts, error: { type: 'server_error', ...facts } }
}

/** The event that ends a response. The wire has none for one that was cancelled: it is not complete, and its status says why. */
export const terminalTypeOf = (status: NonNullable<Response['status']>): string =>
  status === 'completed' || status === 'failed' ? `response.${status}` : 'response.incomplete'

const WITH_LOGPROBS: ReadonlySet<string> = new Set([TEXT_DELTA, 'response.output_text.done'])

/** Random characters that bring a delta to a length which says nothing of the text. */
const padding = (event: ResponseEvent): string => {
  const { delta } = event as { delta?: unknown }
  const length = typeof delta === 'string' ? delta.length : 0
  const wanted = 16 - (length % 16)
  let text = ''
  while (text.length < wanted) text += Math.random().toString(36).slice(2)
  return text.slice(0, wanted)
}

/** Whether readers can put an event of an item anywhere: they throw at text of a part that was never announced. What is left out comes with the whole item. */
const hasPlace = (event: ResponseEvent, slot: Slot): boolean => {
  const { type, content_index, summary_index, part, delta } = event as {
    type: string
    content_index?: unknown
    summary_index?: unknown
    part?: unknown
    delta?: unknown
  }
  if (type.endsWith('.delta') && typeof delta !== 'string') return false
  const index = content_index ?? summary_index
  if (typeof index !== 'number') return true
  const kind = content_index === undefined ? 'summary' : 'content'
  const isPart = type.endsWith('part.added') || type.endsWith('part.done')
  if (isPart && (typeof part !== 'object' || part === null)) return false
  if (!type.endsWith('part.added')) return index >= 0 && index < slot[kind]
  if (index !== slot[kind]) return false
  slot[kind]++
  return true
}
