import type { FunctionCallOutput, InputContent } from '@antiphon/client'

type Output = NonNullable<FunctionCallOutput['output']>

/**
 * An output as the text of an `mcp_call`: text is itself, parts are `{"content":[…]}`, and a text that could be taken for those is `{"text":"…"}`, so that
 * `outputOf` gives back what went in.
 */
export const outputTextOf = (output: Output): string => {
  if (typeof output !== 'string') return JSON.stringify({ content: output })
  return unwrapped(output) === undefined ? output : JSON.stringify({ text: output })
}

/** The way back. */
export const outputOf = (text: string): Output => unwrapped(text) ?? text

const unwrapped = (text: string): Output | undefined => {
  if (!/^\{"(?:content":\[|text":")/.test(text)) return undefined
  let value: { readonly content?: unknown; readonly text?: unknown }
  try {
    value = JSON.parse(text) as typeof value
  } catch {
    return undefined
  }
  if (JSON.stringify(value) !== text || Object.keys(value).length !== 1) return undefined
  if (typeof value.text === 'string') return value.text
  return isParts(value.content) ? value.content : undefined
}

const isParts = (value: unknown): value is InputContent[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((part: { type?: unknown } | null) => String(part?.type).startsWith('input_'))
