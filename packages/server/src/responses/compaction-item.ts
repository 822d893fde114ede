import type { InputItem } from '@antiphon/client'
import { newId } from './own-input.ts'

/** What a compaction of this server begins with. It is not a secret: whoever has it had the conversation. */
const MARK = 'antiphon-summary-1:'

/** A summary as the item that stands for what it sums up. */
export const compactionItem = (summary: string): InputItem =>
  ({
    id: newId('cmp'),
    type: 'compaction',
    encrypted_content: MARK + Buffer.from(summary).toString('base64url'),
  }) as InputItem

/** The message that an upstream is sent for a compaction of this server; undefined for those of others, which only they can read. */
export const readCompaction = (item: InputItem): InputItem | undefined => {
  const { type, encrypted_content: content } = item as { type?: string; encrypted_content?: unknown }
  if (type !== 'compaction' || typeof content !== 'string' || !content.startsWith(MARK)) return undefined
  const text = Buffer.from(content.slice(MARK.length), 'base64url').toString()
  return { type: 'message', role: 'developer', content: `<summary>\n${text}\n</summary>` } as InputItem
}
