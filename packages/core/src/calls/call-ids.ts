import type { CustomToolCall, FunctionCall, OutputItem } from '@antiphon/client'
import type { PendingCall } from '../approval.ts'
import { argumentsOf } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'

type CallItem = FunctionCall | CustomToolCall

/** What tells one call from another. */
interface Facts {
  /** Empty for a call that names itself nothing. */
  readonly id: string
  /** The same for two copies of one call. */
  readonly says: string
  /** For people. */
  readonly name: string
  /** The call under another id; undefined for one whose id is the server's own, so that a second one is the first. */
  readonly rename: ((id: string) => OutputItem) | undefined
}

/** A sealed item, and what stands for it. */
interface Taken {
  readonly item: OutputItem
  readonly own: OutputItem | undefined
  readonly outputIndex: number
}

interface Index {
  /** What stands for each item in the history; undefined for one that is left out. */
  readonly kept: Map<OutputItem, OutputItem | undefined>
  /** The items by `output_index`: the final output may hold copies in which more is filled in. */
  readonly places: Map<number, OutputItem>
  /** How many of the items are in it. */
  count: number
}

/**
 * Keeps the call ids of one response apart. A response must not hold one `call_id` twice: the very same call again is dropped, another one gets an id of its own.
 */
export class CallIds {
  /** True when an item was dropped or renamed. */
  changed = false
  readonly #run: RunContext
  readonly #turn: number
  /** What the call of each id says. */
  readonly #byId = new Map<string, string>()
  /** Sealed items, as they came. */
  readonly #taken: Taken[] = []
  /** The same to look up; made when it is asked, for the history mostly takes the output as it is. */
  #index: Index | undefined

  constructor(run: RunContext, turn: number) {
    this.#run = run
    this.#turn = turn
  }

  /** What stands for the call; undefined when it is the same as one before. */
  take(item: CallItem, outputIndex: number): CallItem | undefined {
    const name = textOf(item.name)
    const rename = (call_id: string): OutputItem => ({ ...item, call_id })
    const facts = { id: textOf(item.call_id), says: `${name}\0${argumentsOf(item)}`, name, rename }
    return this.#take(item, outputIndex, facts) as CallItem | undefined
  }

  /** The same for a call of another kind that the client answers. */
  takeClientCall(item: OutputItem, pending: PendingCall, outputIndex: number): OutputItem | undefined {
    const { callId, name, itemType } = pending
    if (itemType === 'mcp_approval_request') {
      // Another item of the response may have its id.
      this.changed = true
      return this.#take(item, outputIndex, {
        id: `${itemType} ${callId}`,
        says: itemType,
        name,
        rename: undefined,
      })
    }
    const { id: _, status: __, ...rest } = item as { id?: unknown; status?: unknown }
    const rename = (call_id: string): OutputItem => ({ ...item, call_id }) as OutputItem
    return this.#take(item, outputIndex, { id: callId, says: JSON.stringify(rest), name, rename })
  }

  #take(item: OutputItem, outputIndex: number, facts: Facts): OutputItem | undefined {
    const own = this.#unique(item, facts)
    if (own !== item) this.changed = true
    this.#taken.push({ item, own, outputIndex })
    return own
  }

  #unique(item: OutputItem, { id, says, name, rename }: Facts): OutputItem | undefined {
    const before = this.#byId.get(id)
    if (before === undefined && id !== '') {
      this.#byId.set(id, says)
      return item
    }
    if (before === says || rename === undefined) {
      this.#run.warn('duplicate_call_id', `The response repeats call ${id} (${name}); it counts once.`)
      return undefined
    }
    const freeId = this.#freeId(id || 'call')
    this.#byId.set(freeId, says)
    this.#run.warn(
      'duplicate_call_id',
      `The response uses call_id "${id}" twice or leaves it empty; ${name} became ${freeId}.`,
    )
    return rename(freeId)
  }

  #freeId(base: string): string {
    let n = this.#byId.size
    let id = `${base}_${this.#turn}_${n}`
    while (this.#byId.has(id)) id = `${base}_${this.#turn}_${++n}`
    return id
  }

  #lookUp(): Index {
    this.#index ??= { kept: new Map(), places: new Map(), count: 0 }
    const index = this.#index
    for (; index.count < this.#taken.length; index.count++) {
      const { item, own, outputIndex } = this.#taken[index.count] as Taken
      index.kept.set(item, own)
      index.places.set(outputIndex, item)
    }
    return index
  }

  /** What stands for a call of the final output in the history; `unsealed` for one that the response ended inside. */
  final(item: OutputItem, position: number): { kept: OutputItem | undefined } | 'unsealed' {
    const { kept, places } = this.#lookUp()
    if (kept.has(item)) return { kept: kept.get(item) }
    const sealed = places.get(position)
    if (sealed === undefined || sealed.type !== item.type || callIdOf(sealed) !== callIdOf(item))
      return 'unsealed'
    const own = kept.get(sealed)
    if (own === undefined) return { kept: undefined }
    return { kept: own === sealed ? item : ({ ...item, call_id: callIdOf(own) } as OutputItem) }
  }
}

/** Servers have sent numbers and objects; what is no text names nothing. */
const textOf = (id: unknown): string => (typeof id === 'string' ? id : '')

const callIdOf = (item: OutputItem): string => textOf((item as { call_id?: unknown }).call_id)
