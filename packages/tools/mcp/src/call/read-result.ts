import { isDeepStrictEqual } from 'node:util'
import type { InputContent } from '@antiphon/client'
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client'
import type { McpLimits } from '../connection/limits.ts'
import { wholeUpTo } from '../plain-text.ts'
import type { McpCallResult } from './call-result.ts'

type ResultLimits = Pick<Required<McpLimits>, 'maxResultChars' | 'maxImageChars'>

/** What a tool gave, as a model can read it: text as text, images as images, everything else named. */
export const readResult = (result: CallToolResult, limits: ResultLimits): McpCallResult => {
  const parts = partsOf(result, limits)
  if (result.isError === true) {
    const text = parts.map((part) => (part.type === 'input_text' ? part.text : '')).join('\n')
    return {
      outcome: 'failed',
      text: text === '' ? 'The tool failed without a reason.' : text,
      error: { type: 'mcp_tool_execution_error', content: [{ type: 'text', text }] },
    }
  }
  return { outcome: 'ok', content: joined(parts), ...structuredOf(result, limits) }
}

/** What is kept beside the text is bounded as the text is; it cannot be cut, so a larger one is left out. */
const structuredOf = (
  { structuredContent }: CallToolResult,
  { maxResultChars }: ResultLimits,
): { readonly structured?: unknown } =>
  structuredContent === undefined || JSON.stringify(structuredContent).length > maxResultChars
    ? {}
    : { structured: structuredContent }

type TextOrImage = Extract<InputContent, { type: 'input_text' | 'input_image' }>

const partsOf = (result: CallToolResult, limits: ResultLimits): TextOrImage[] => {
  const blocks = result.content ?? []
  const parts: TextOrImage[] = []
  let imageChars = 0
  for (const block of blocks) {
    const image = imageOf(block)
    if (image === undefined) parts.push({ type: 'input_text', text: textOf(block) })
    else if (imageChars + image.length > limits.maxImageChars)
      parts.push({ type: 'input_text', text: '[an image that is too large was left out]' })
    else {
      imageChars += image.length
      parts.push({ type: 'input_image', image_url: image, detail: 'auto' })
    }
  }
  const { structuredContent } = result
  // Tools are asked to repeat it as text; where they do not, it is all that there is.
  if (structuredContent !== undefined && !isRepeated(structuredContent, blocks))
    parts.push({ type: 'input_text', text: JSON.stringify(structuredContent) })
  return limited(parts, limits.maxResultChars)
}

/** Kinds of images that models take. */
const IMAGE = /^image\/(png|jpeg|gif|webp)$/i
const BASE64 = /^[A-Za-z0-9+/_-]+=*$/

const imageOf = (block: ContentBlock): string | undefined => {
  if (block.type === 'image') return dataUrl(block.mimeType, block.data)
  if (block.type === 'resource' && 'blob' in block.resource)
    return dataUrl(block.resource.mimeType, block.resource.blob)
  return undefined
}

const dataUrl = (mime: string | undefined, data: string): string | undefined =>
  mime !== undefined && IMAGE.test(mime) && BASE64.test(data) ? `data:${mime};base64,${data}` : undefined

const textOf = (block: ContentBlock): string => {
  switch (block.type) {
    case 'text':
      return block.text
    case 'resource':
      return 'text' in block.resource
        ? `[resource ${block.resource.uri}]\n${block.resource.text}`
        : `[resource ${block.resource.uri}, ${kindOf(block.resource.mimeType, block.resource.blob)}, not shown]`
    case 'resource_link':
      return `[link to ${block.uri}: ${[block.name, block.description].filter(Boolean).join(', ')}]`
    case 'image':
    case 'audio':
      return `[${block.type}, ${kindOf(block.mimeType, block.data)}, not shown]`
    default:
      return '[content of an unknown kind, not shown]'
  }
}

const kindOf = (mime: string | undefined, base64: string): string =>
  `${mime ?? 'of no named type'}, ${Math.floor((base64.length * 3) / 4)} bytes`

/** Values of structured content that are looked for in the text. */
const MAX_LEAVES = 200

/** True where the text says everything that the structured content says: as the same JSON, or as the bare values of it. */
const isRepeated = (structured: unknown, blocks: readonly ContentBlock[]): boolean => {
  const texts = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : []))
  if (texts.some((text) => isDeepStrictEqual(parsed(text), structured))) return true
  const leaves = leavesOf(structured)
  return (
    leaves.length > 0 &&
    leaves.length <= MAX_LEAVES &&
    leaves.every((leaf) => texts.some((text) => text.includes(String(leaf))))
  )
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const leavesOf = (value: unknown): unknown[] => {
  const leaves: unknown[] = []
  const open = [value]
  while (open.length > 0 && leaves.length <= MAX_LEAVES) {
    const one = open.pop()
    if (typeof one === 'object' && one !== null) open.push(...Object.values(one))
    else leaves.push(one)
  }
  return leaves
}

/** Cuts what is over the limit out of the middle of the texts, from the first one that reaches it. */
const limited = (parts: readonly TextOrImage[], most: number): TextOrImage[] => {
  let left = most
  return parts.flatMap((part): TextOrImage[] => {
    if (part.type !== 'input_text') return [part]
    if (left <= 0) return []
    const { text } = part
    const kept = text.length <= left ? text : cutMiddle(text, left)
    left -= text.length
    return [{ type: 'input_text', text: kept }]
  })
}

const cutMiddle = (text: string, most: number): string => {
  const half = Math.floor(most / 2)
  const head = wholeUpTo(text, half)
  const tail = text.slice(text.length - half).replace(/^[\udc00-\udfff]/, '')
  return `${head}\n[… ${text.length - head.length - tail.length} characters were left out …]\n${tail}`
}

const joined = (parts: readonly TextOrImage[]): string | readonly InputContent[] => {
  if (parts.some((part) => part.type === 'input_image')) return parts
  return parts.map((part) => (part.type === 'input_text' ? part.text : '')).join('\n')
}
