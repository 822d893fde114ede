import type { FunctionCallOutput } from '@antiphon/client'

type Output = NonNullable<FunctionCallOutput['output']>

/**
 * The output of a tool as the text of an `mcp_call`. Text is itself. Content parts are `{"content":[…]}`; a text that could be taken for those is `{"text":"…"}`, so that
 * `outputOf` gives back what went in.
 */
export const outputTextOf = (output: Output): string => {
  if (typeof output !== 'string') return JSON.stringify({ content: output })
  return wrapped(output) === undefined ? output : JSON.stringify({ text: output })
}

/** The way back. */
export const outputOf = (text: string): Output => wrapped(text) ?? text

/** What is inside of a wrapper; undefined for a text that is none, to the letter. */
const wrapped = (text: string): Output | undefined => {
  if (!text.startsWith('{"content":[') && !text.startsWith('{"text":"')) return undefined
  let value: { content?: unknown; text?: unknown }
  try {
    value = JSON.parse(text) as typeof value
  } catch {
    return undefined
  }
  const { content, text: inner } = value
  if (Array.isArray(content))
    return JSON.stringify({ content }) === text ? (content as unknown as Output) : undefined
  return typeof inner === 'string' && JSON.stringify({ text: inner }) === text ? inner : undefined
}
