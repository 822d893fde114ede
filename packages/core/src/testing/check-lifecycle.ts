import type { ResponseEvent } from '@antiphon/client'

/** What is read of any event. */
interface Seen {
  type: string
  sequence_number?: unknown
  output_index?: unknown
  content_index?: unknown
  summary_index?: unknown
  item_id?: unknown
  delta?: unknown
  text?: unknown
  arguments?: unknown
  refusal?: unknown
  item?: { id?: unknown; type?: unknown; call_id?: unknown }
  response?: { id?: unknown; output?: unknown; status?: unknown }
}

/** One output item under way. */
interface Item {
  id: unknown
  type: unknown
  callId: unknown
  done: boolean
  /** Parts announced, and texts gathered from deltas, per kind and index. */
  parts: Map<string, number>
  texts: Map<string, string>
}

const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed'])
const PREAMBLE = new Set(['response.created', 'response.queued', 'response.in_progress'])

/** Field of a `done` event that repeats its deltas. */
const DONE_TEXTS = ['text', 'arguments', 'refusal'] as const

/** A value in a message; `String({ toString: 0 })` would throw. */
const shown = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')

const checkItem = (event: Seen, items: Item[], say: (problem: string) => void): void => {
  const index = event.output_index
  if (typeof index !== 'number') return
  if (event.type === 'response.output_item.added') {
    if (index !== items.length) say(`output_index ${index}, expected ${items.length}`)
    const { id, type, call_id: callId } = event.item ?? {}
    if (items.some((item) => id !== undefined && item.id === id)) say(`item id ${shown(id)} is used twice`)
    items[index] = { id, type, callId, done: false, parts: new Map(), texts: new Map() }
    return
  }
  const item = items[index]
  if (!item) {
    say(`no item was added at output_index ${index}`)
    return
  }
  if (item.done) say(`the item at output_index ${index} is done already`)
  if (event.item_id !== undefined && event.item_id !== item.id) {
    say(`item_id ${shown(event.item_id)}, added as ${shown(item.id)}`)
  }
  if (event.type === 'response.output_item.done') {
    item.done = true
    if (event.item?.id !== item.id) say(`id ${shown(event.item?.id)}, added as ${shown(item.id)}`)
    if (event.item?.type !== item.type) say(`type ${shown(event.item?.type)}, added as ${shown(item.type)}`)
    if (event.item?.call_id !== item.callId) say('call_id differs from the added one')
    return
  }
  checkPart(event, item, say)
}

const checkPart = (event: Seen, item: Item, say: (problem: string) => void): void => {
  const [kind, index] =
    typeof event.summary_index === 'number'
      ? ['summary', event.summary_index]
      : ['content', event.content_index]
  if (typeof index === 'number') {
    const known = item.parts.get(kind) ?? 0
    if (event.type.endsWith('part.added')) {
      if (index !== known) say(`${kind}_index ${index}, expected ${known}`)
      item.parts.set(kind, known + 1)
    } else if (index >= known) say(`no ${kind} part was added at index ${index}`)
  }
  const slot = `${event.type.replace(/\.(?:delta|done)$/, '')} ${shown(index)}`
  if (event.type.endsWith('.delta')) {
    item.texts.set(slot, (item.texts.get(slot) ?? '') + (typeof event.delta === 'string' ? event.delta : ''))
  } else if (event.type.endsWith('.done')) {
    const whole = DONE_TEXTS.map((field) => event[field]).find((value) => typeof value === 'string')
    const gathered = item.texts.get(slot) ?? ''
    if (whole !== undefined && whole !== gathered) say('the text differs from its deltas')
  }
}

/**
 * What is wrong with the event sequence of one response; nothing for a valid one.
 *
 * Checks the first event and the one terminal event at the end, sequence numbers (from any start, rising by one), dense
 * `output_index`, `content_index` and `summary_index`, ids that stay the same from `added` to `done`, deltas that
 * add up, and that the terminal `output` has every item that is done. Unknown events only have to be numbered.
 *
 * Source: Responses API, order of streaming events.
 */
export const checkLifecycle = (events: Iterable<ResponseEvent>): string[] => {
  const problems: string[] = []
  const items: Item[] = []
  let last: number | undefined
  let responseId: unknown
  let terminal: string | undefined
  let k = 0
  for (const each of events) {
    const event = each as unknown as Seen
    const place = k++
    if (typeof event?.type !== 'string') {
      problems.push(`event ${place} is none: it has no type`)
      continue
    }
    const say = (problem: string): void => void problems.push(`event ${place} (${event.type}): ${problem}`)
    if (terminal) say(`comes after ${terminal}`)
    if (place === 0 && event.type !== 'response.created') say('the first event must be response.created')
    if (typeof event.sequence_number !== 'number') say('has no sequence_number')
    else {
      if (last !== undefined && event.sequence_number !== last + 1) {
        say(`sequence_number ${event.sequence_number}, expected ${last + 1}`)
      }
      last = event.sequence_number
    }
    if (PREAMBLE.has(event.type) && items.length > 0) say('comes after an item')
    if (event.response) {
      responseId ??= event.response.id
      if (event.response.id !== responseId) say(`response id ${shown(event.response.id)} differs`)
    }
    checkItem(event, items, say)
    if (!TERMINAL.has(event.type)) continue
    terminal = event.type
    const whole = event.response?.output
    const output: readonly ({ id?: unknown } | null)[] = Array.isArray(whole) ? whole : []
    if (event.response?.status !== event.type.slice('response.'.length)) {
      say(`status ${shown(event.response?.status)} does not fit`)
    }
    items.forEach((item, index) => {
      if (!item.done && terminal === 'response.completed') say(`item ${index} was never done`)
      if (item.done && output[index]?.id !== item.id) say(`output[${index}] is not the item that was done`)
    })
    if (output.length > items.length) say(`output has ${output.length} items, ${items.length} were added`)
  }
  if (!terminal) problems.push('no terminal event')
  return problems
}
