import type { InputItem, ResponseRequest } from '@antiphon/client'
import { MappedList } from '../history/mapped-list.ts'
import type { EventSink } from '../model.ts'
import { withoutOrigin } from '../models/without-reasoning.ts'

/** Knows which of several models made an item of a run. What nobody is known to have made is the first one's. */
export interface Provenance {
  /** Hands events on and remembers the items that model `index` makes. */
  record(index: number, sink: EventSink): EventSink
  /** The request as model `index` can read it: other models' reasoning is left out, and the ids that belong to it. */
  readableBy(index: number, request: ResponseRequest): ResponseRequest
}

/** Begins with a run in which only model 0 has spoken. Costs nothing as long as that stays so. */
export const createProvenance = (): Provenance => {
  /** By item id; only of models other than the first. */
  const makers = new Map<string, number>()
  const lists = new Map<number, MappedList>()

  const listFor = (index: number): MappedList => {
    let list = lists.get(index)
    if (list === undefined) {
      list = new MappedList((item) =>
        (makers.get((item as { id?: string }).id ?? '') ?? 0) === index ? item : withoutOrigin(item),
      )
      lists.set(index, list)
    }
    return list
  }

  return {
    record(index, sink) {
      if (index === 0) return sink
      return (event) => {
        if (event.type === 'response.output_item.done') {
          const { id } = event.item as { id?: unknown }
          if (typeof id === 'string' && id !== '') makers.set(id, index)
        }
        sink(event)
      }
    },
    readableBy(index, request) {
      const { input } = request
      if (!Array.isArray(input) || (index === 0 && makers.size === 0)) return request
      const readable = listFor(index).of(input as readonly InputItem[])
      return readable === input ? request : { ...request, input: readable }
    },
  }
}
