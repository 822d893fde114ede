import { AntiphonError } from '@antiphon/client'
import type { CallWriter } from './call-writer.ts'
import type { ChatTools } from './chat-tools.ts'
import type { ChatToolCallDelta } from './chat-types.ts'
import { idIn, stringIn } from './chat-values.ts'
import type { ResponseWriter } from './response-writer.ts'

/** One call as it comes in pieces. */
interface Slot {
  /** The id as the server wrote it; `''` when it wrote none. */
  id: string
  name: string
  args: string
  /** Announced once its name is known. */
  open: CallWriter | undefined
  extra: unknown
  sealed: boolean
}

/**
 * Gathers the calls of an answer from their pieces and writes each as early as it is known to be whole: when the next call begins and its JSON is
 * complete, at the latest when the server says that it has finished.
 *
 * A call whose JSON is not complete when the next one begins stays open, because servers exist that announce all calls first.
 */
export class CallDeltas {
  readonly #writer: ResponseWriter
  readonly #tools: ChatTools
  readonly #byIndex = new Map<number, Slot>()
  /** In order of arrival; those that are sealed leave. */
  #unsealed: Slot[] = []
  #last: Slot | undefined
  #sealedById: Map<string, Slot> | undefined
  #count = 0

  constructor(writer: ResponseWriter, tools: ChatTools) {
    this.#writer = writer
    this.#tools = tools
  }

  /** Calls so far. */
  get count(): number {
    return this.#count
  }

  take(delta: ChatToolCallDelta): void {
    const id = idIn(delta.id)
    const index = typeof delta.index === 'number' ? delta.index : undefined
    const name = stringIn(delta.function?.name)
    const args = argumentsText(delta.function?.arguments)
    const slot = this.#find(index, id, name, args) ?? this.#add(index, id)
    if (slot.open === undefined && !slot.sealed) {
      slot.id ||= id
      slot.name ||= name
      slot.extra ??= delta.extra_content
      if (slot.name !== '') this.#announce(slot)
    }
    if (args !== '') this.#append(slot, args, name)
  }

  /**
   * Nothing more comes. `cut`: the answer was cut off, so that what is open is a half call.
   *
   * @throws AntiphonError `invalid_answer` for a call without a name.
   */
  finish(cut: boolean): void {
    for (const slot of this.#unsealed) {
      if (slot.open === undefined) {
        if (cut) continue
        throw new AntiphonError(
          'invalid_answer',
          'The answer has a tool call without a name, so that nothing can be called. Check that the server parses the calls of this model.',
        )
      }
      slot.open.close(slot.args, cut ? 'incomplete' : 'completed')
      slot.sealed = true
    }
    this.#unsealed = []
  }

  /** The call that a piece belongs to; undefined when it begins one. */
  #find(index: number | undefined, id: string, name: string, args: string): Slot | undefined {
    const slot = index === undefined ? this.#withoutIndex(id, name) : this.#byIndex.get(index)
    if (slot === undefined || name === '') return slot
    // The same index again under another id: servers that number every call 0 (Ollama, Gemini and gateways before them).
    if (id !== '' && slot.id !== '' && id !== slot.id) return undefined
    // No ids at all: a name together with arguments begins a call once the one before is whole, unless it is the very same.
    if (id === '' && args !== '' && isWhole(slot.args) && (name !== slot.name || args !== slot.args))
      return undefined
    return slot
  }

  #withoutIndex(id: string, name: string): Slot | undefined {
    const last = this.#last
    if (id === '')
      return last !== undefined && name !== '' && last.name !== '' && name !== last.name ? undefined : last
    if (last?.id === id) return last
    const known = this.#unsealed.find((slot) => slot.id === id) ?? this.#sealedById?.get(id)
    // A new id without a name is the same call with an id per chunk.
    return known ?? (name === '' ? last : undefined)
  }

  #add(index: number | undefined, id: string): Slot {
    const still: Slot[] = []
    for (const slot of this.#unsealed) {
      if (slot.open === undefined || !isWhole(slot.args)) {
        still.push(slot)
        continue
      }
      slot.open.close(slot.args, 'completed')
      slot.sealed = true
      this.#sealedById ??= new Map()
      if (slot.id !== '') this.#sealedById.set(slot.id, slot)
    }
    const slot: Slot = { id, name: '', args: '', open: undefined, extra: undefined, sealed: false }
    still.push(slot)
    this.#unsealed = still
    this.#last = slot
    this.#count++
    if (index !== undefined) this.#byIndex.set(index, slot)
    return slot
  }

  #announce(slot: Slot): void {
    const callId = slot.id || `call_${crypto.randomUUID().replaceAll('-', '')}`
    slot.open = this.#writer.openCall({ callId, tool: this.#tools.named(slot.name), extra: slot.extra })
    if (slot.args !== '') slot.open.push(slot.args)
  }

  #append(slot: Slot, args: string, name: string): void {
    // A whole call once more, as some servers close their stream with.
    const repeated = name !== '' && args === slot.args && isWhole(args)
    if (repeated || (slot.sealed && args.trim() === '')) return
    if (slot.sealed)
      throw new AntiphonError(
        'invalid_answer',
        `More arguments came for call ${slot.open?.callId} (${slot.name}) after they were whole. The server mixes up its calls; try \`stream: false\`.`,
      )
    slot.args += args
    slot.open?.push(args)
  }
}

/** Some servers send the arguments as an object. */
const argumentsText = (args: unknown): string => {
  if (typeof args === 'string') return args
  return args === undefined || args === null ? '' : JSON.stringify(args)
}

const BRACE = 125

/** True for the JSON text of an object. The last character is looked at first: this runs while a call is still coming. */
const isWhole = (args: string): boolean => {
  const text = args.trimEnd()
  if (text.charCodeAt(text.length - 1) !== BRACE) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
