import type { EasyInputMessage, InputItem } from '@antiphon/client'
import { ConfigError } from '../errors.ts'

/** What a run takes as input: a user's text, one item, or items (a whole earlier history, for example). */
export type RunInput = string | InputItem | readonly InputItem[]

/**
 * Items of an input. A string is a user message.
 *
 * @throws ConfigError `invalid_history` for what is no item.
 */
export const toItems = (input: RunInput): InputItem[] => {
  if (typeof input === 'string')
    return [{ type: 'message', role: 'user', content: input } satisfies EasyInputMessage]
  const items: InputItem[] = Array.isArray(input)
    ? [...(input as readonly InputItem[])]
    : [input as InputItem]
  items.forEach((item: unknown, index) => {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) return
    throw new ConfigError(
      'invalid_history',
      `Expected a text, an item or a list of items as input, got \`${item === null ? 'null' : typeof item}\`${Array.isArray(input) ? ` as item ${index}` : ''}.`,
    )
  })
  return items
}
