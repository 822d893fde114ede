import type { InputMessage } from './input-items.ts'
import type { ListPage } from './list-page.ts'
import type { OutputItem } from './output-items.ts'
import type { Includable } from './request-output.ts'

/** Query of `GET /responses/{id}`. */
export interface RetrieveQuery {
  include?: readonly Includable[]
  /** Answer with events: all from the first, or those after `starting_after`. Background responses only. */
  stream?: boolean
  /** The `sequence_number` of the last event that is known. */
  starting_after?: number
  /** Pads deltas so that their length tells nothing. */
  include_obfuscation?: boolean
}

/** An item of the input of a stored response. Source: Responses API, `ItemResource`. */
export type StoredItem = (InputMessage & { id: string; type: 'message' }) | OutputItem

/** Answer of `GET /responses/{id}/input_items`. Source: Responses API, `ResponseItemList`. */
export type StoredItemPage = ListPage<StoredItem>

/** Answer of `DELETE /responses/{id}`, where it has a body. */
export interface DeletedResponse {
  id: string
  object: 'response' | 'response.deleted'
  deleted: boolean
}
