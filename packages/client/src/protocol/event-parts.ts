/** What every stream event carries. */
export interface EventBase {
  /**
   * Counts the events of a response from 0, also over a resume. A hint only: some servers omit or repeat it.
   */
  sequence_number?: number
}

/**
 * An event about the item at one place of `output`. Route by `output_index` first: some servers change ids
 * midway.
 */
export interface ItemEventBase extends EventBase {
  /** Place of the item in `output`, from 0. */
  output_index: number
  /** Identity of the item; constant by contract, not with every server. */
  item_id: string
}

/** An event about one part of an item's `content`. */
export interface ContentEventBase extends ItemEventBase {
  /** Place of the part in `content`, from 0. */
  content_index: number
}

/** An event about one part of a reasoning item's `summary`. */
export interface SummaryEventBase extends ItemEventBase {
  /** Place of the part in `summary`, from 0. */
  summary_index: number
}

/** Random padding that hides the length of a delta (`stream_options.include_obfuscation`). */
export interface Obfuscated {
  obfuscation?: string
}
