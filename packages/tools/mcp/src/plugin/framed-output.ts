import { randomUUID } from 'node:crypto'
import type { FunctionCallOutput, InputContent } from '@antiphon/client'

type Output = NonNullable<FunctionCallOutput['output']>

/** How the frame is told of in instructions. */
export const FRAME_NAME = 'mcp_output_…'

/**
 * What a server gave, in a frame that says that it is data. The text itself is exact, since models edit files by it; the frame has a name that the server could not know, so that
 * nothing in the text can end it.
 */
export const framed = (output: string | readonly InputContent[]): Output => {
  const name = `mcp_output_${randomUUID().slice(0, 8)}`
  if (typeof output === 'string') return `<${name}>\n${output}\n</${name}>`
  return [{ type: 'input_text', text: `<${name}>` }, ...output, { type: 'input_text', text: `</${name}>` }]
}

const FRAMED = /^<(mcp_output_[0-9a-f]{8})>\n([\s\S]*)\n<\/\1>$/

/** What is inside of a frame; a value without one is given back as it is. */
export const unframed = (output: FunctionCallOutput['output']): Output => {
  if (output === undefined || output === null) return ''
  if (typeof output === 'string') return FRAMED.exec(output)?.[2] ?? output
  const [first, last] = [textAt(output[0]), textAt(output.at(-1))]
  return first !== undefined && /^<mcp_output_[0-9a-f]{8}>$/.test(first) && last === `</${first.slice(1)}`
    ? output.slice(1, -1)
    : output
}

const textAt = (part: InputContent | undefined): string | undefined =>
  part?.type === 'input_text' && typeof part.text === 'string' ? part.text : undefined
