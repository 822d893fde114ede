import { ParameterError } from '@antiphon/client'
import type { ChatContentPart } from './chat-types.ts'

/** A part of a message or of a tool's output, of any kind. */
export interface LoosePart {
  readonly type: string
  readonly text?: unknown
  readonly refusal?: unknown
  readonly image_url?: string | null
  readonly file_id?: string | null
  readonly file_data?: string | null
  readonly file_url?: string | null
  readonly filename?: string | null
  readonly detail?: string | null
}

/** The text of a part; undefined when it has none. */
const textOf = (part: LoosePart): string | undefined =>
  typeof part.text === 'string' ? part.text : typeof part.refusal === 'string' ? part.refusal : undefined

const isText = (part: LoosePart): boolean =>
  part.type === 'input_text' ||
  part.type === 'output_text' ||
  part.type === 'refusal' ||
  part.type === 'text' ||
  part.type === 'summary_text' ||
  part.type === 'reasoning_text'

const imagePart = (part: LoosePart, path: string): ChatContentPart => {
  if (!part.image_url)
    throw new ParameterError(
      `${path}.${part.file_id ? 'file_id' : 'image_url'}`,
      `Expected \`${path}.image_url\` to be a URL or a data URL: a Chat Completions endpoint keeps no files, so an image by \`file_id\` cannot be sent.`,
    )
  return {
    type: 'image_url',
    image_url: { url: part.image_url, ...(part.detail ? { detail: part.detail } : {}) },
  }
}

const filePart = (part: LoosePart, path: string): ChatContentPart => {
  const { file_data, file_id, filename } = part
  if (!file_data && !file_id)
    throw new ParameterError(
      `${path}.file_data`,
      `Expected \`${path}.file_data\` to be the file as a data URL: Chat Completions has no files by \`file_url\`.`,
    )
  return {
    type: 'file',
    file: {
      ...(file_data ? { file_data } : { file_id: file_id as string }),
      ...(filename ? { filename } : {}),
    },
  }
}

/**
 * A part of a message in the dialect; one of another kind passes untouched.
 *
 * @throws ParameterError `invalid_parameter` for an image by file id, and for a file without data or id.
 */
const toChatPart = (part: LoosePart, path: string): ChatContentPart => {
  if (isText(part)) return { type: 'text', text: textOf(part) ?? '' }
  if (part.type === 'input_image') return imagePart(part, path)
  if (part.type === 'input_file') return filePart(part, path)
  return part as unknown as ChatContentPart
}

/** The content of a user message: text alone as one string, which every server takes, else parts. */
export const toChatContent = (
  content: string | readonly LoosePart[],
  path: string,
): string | ChatContentPart[] => {
  if (typeof content === 'string') return content
  if (content.every(isText)) return joinText(content, '\n')
  return content.map((part, i) => toChatPart(part, `${path}[${i}]`))
}

/** All text of a content in one. */
export const joinText = (content: string | readonly LoosePart[], separator: string): string => {
  if (typeof content === 'string') return content
  const texts: string[] = []
  for (const part of content) {
    const text = textOf(part)
    if (text !== undefined) texts.push(text)
  }
  return texts.join(separator)
}

/** An output of a tool: its text, and what the dialect does not allow in a tool message. */
export interface ChatToolOutput {
  readonly text: string
  readonly others: readonly ChatContentPart[]
}

/** Splits the output of a tool into its text and the images and files that have to follow in a message of the user. */
export const toChatOutput = (output: string | readonly LoosePart[], path: string): ChatToolOutput => {
  if (typeof output === 'string') return { text: output, others: [] }
  const others = output
    .map((part, i) => (isText(part) ? undefined : toChatPart(part, `${path}[${i}]`)))
    .filter((part) => part !== undefined)
  return { text: joinText(output.filter(isText), '\n'), others }
}
