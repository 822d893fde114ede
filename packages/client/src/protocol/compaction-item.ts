/**
 * A history in short, readable only by the server that made it.
 *
 * Everything before the latest one may be dropped from a history that you keep yourself; never prune one
 * that the server keeps.
 * Source: Responses API, `CompactionBody`.
 */
export interface CompactionItem {
  type: 'compaction'
  id: string
  /** At most 20,971,520 characters. */
  encrypted_content: string
  created_by?: string
}
