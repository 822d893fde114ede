import type { InputItem } from '@antiphon/client'
import { contentText } from './item-text.ts'
import { pairingOf } from './pairing.ts'

/** Items as plain text that any model can read, one paragraph each; without reasoning, which is nobody else's, and without images and files. */
export const transcript = (items: readonly InputItem[]): string =>
  items
    .map(paragraph)
    .filter((text) => text !== '')
    .join('\n\n')

const paragraph = (item: InputItem): string => {
  const { type, role, name, content, output, ...rest } = item as {
    type?: string
    role?: unknown
    name?: unknown
    arguments?: unknown
    input?: unknown
    content?: unknown
    output?: unknown
  }
  if (type === 'reasoning' || type === 'compaction' || type === 'item_reference') return ''
  if (content !== undefined) return `${nameIn(role, type)}: ${contentText(content) || '(no text)'}`
  if (pairingOf(item)?.role === 'output')
    return `output: ${contentText(output) || JSON.stringify(output ?? rest)}`
  const said = rest.arguments ?? rest.input
  return `call of ${nameIn(name, type)}: ${typeof said === 'string' ? said : JSON.stringify(rest)}`
}

/** The first that is a text: any of them is what a server wrote. */
const nameIn = (...names: readonly unknown[]): string =>
  names.find((name) => typeof name === 'string') ?? 'item'
