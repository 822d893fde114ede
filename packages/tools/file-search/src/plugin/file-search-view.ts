import type { OutputItem } from '@antiphon/client'
import type { ItemView, ShownCall } from 'antiphon'
import type { StoreHit } from '../stores/search-stores.ts'
import type { SeenFile } from './seen-files.ts'

/** What a call leaves beside its text: for its item, and for citations. Plain JSON, so a resumed run has it too. */
export interface FileSearchDetails {
  readonly hits: readonly StoreHit[]
}

/** The value of `include` that asks for what was found. */
export const INCLUDE = 'file_search_call.results'

/** Shows the calls as `file_search_call`. `onSeen` hears of every file that a call has shown, also of a call that was recorded. */
export const fileSearchView = (
  include: ReadonlySet<string>,
  onSeen: (files: readonly SeenFile[]) => void,
): ItemView => ({
  idPrefix: 'fs',
  begin: (call) => ({
    item: itemOf(call, 'in_progress', null),
    events: [
      { type: 'response.file_search_call.in_progress', item_id: call.id },
      { type: 'response.file_search_call.searching', item_id: call.id },
    ],
  }),
  end: (call) => {
    const { hits = [] } = (call.details ?? {}) as Partial<FileSearchDetails>
    onSeen(hits)
    if (call.outcome !== 'ok') return { item: itemOf(call, 'failed', null), events: [] }
    const results = include.has(INCLUDE) ? hits.map(resultOf) : null
    return {
      item: itemOf(call, 'completed', results),
      events: [{ type: 'response.file_search_call.completed', item_id: call.id }],
    }
  },
})

const itemOf = (call: ShownCall, status: string, results: readonly object[] | null): OutputItem =>
  ({
    id: call.id,
    type: 'file_search_call',
    status,
    queries: queriesOf(call.arguments),
    results,
  }) as OutputItem

const resultOf = ({ fileId, filename, text, attributes, score }: StoreHit): object => ({
  file_id: fileId,
  filename,
  text,
  attributes,
  score,
})

/** By what the model wrote, which may be anything. */
const queriesOf = (text: string): readonly string[] => {
  try {
    const { queries } = JSON.parse(text) as { queries?: unknown }
    return Array.isArray(queries)
      ? queries.filter((each): each is string => typeof each === 'string').slice(0, 10)
      : []
  } catch {
    return []
  }
}
