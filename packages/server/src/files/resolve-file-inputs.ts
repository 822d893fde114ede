import type { InputItem } from '@antiphon/client'
import type { FileStore, StoredFile } from '@antiphon/store'
import { fileRefusals } from './file-refusals.ts'
import { imageTypeOf, mimeTypeOf } from './media-type.ts'

/** A part of content, as far as it matters here. */
interface Part {
  readonly type?: unknown
  readonly file_id?: unknown
  readonly [field: string]: unknown
}

/** Bounds of {@link resolveFileInputs}. */
export interface FileInputBounds {
  /** Bytes of all files together. */
  readonly maxInputBytes: number
  /** So many items were there before: what they refer to may be gone, and is told as gone. @defaultValue 0 */
  readonly earlier?: number
}

/**
 * Items with the files that they refer to (`file_id` of `input_file` and `input_image`) in them, for an upstream that cannot ask us. Items without files are the very same objects.
 *
 * @throws ServeError 400 for a file that the tenant does not have, one that is no image, or too many bytes; `param` names the part.
 */
export const resolveFileInputs = async (
  items: readonly InputItem[],
  tenant: string,
  files: FileStore,
  { maxInputBytes, earlier = 0 }: FileInputBounds,
): Promise<InputItem[]> => {
  let left = maxInputBytes
  /** A file that is named several times is read once. */
  const texts = new Map<string, Promise<string>>()
  const base64Of = (file: StoredFile, param: string): Promise<string> => {
    let text = texts.get(file.id)
    if (text === undefined) {
      left -= file.bytes
      if (left < 0) throw fileRefusals.inputTooLarge(maxInputBytes, param)
      text = readBase64(files, file)
      texts.set(file.id, text)
    }
    return text
  }

  const resolvePart = async (part: Part, param: string, isEarlier: boolean): Promise<Part> => {
    const isImage = part.type === 'input_image'
    if (!refersToFile(part)) return part
    const { file_id: id, ...rest } = part
    const file = await files.get(tenant, id as string)
    if (file === undefined && isEarlier) return GONE
    if (file === undefined) throw fileRefusals.notInput(id as string, param)
    if (!isImage) {
      const base64 = await base64Of(file, param)
      return { ...rest, filename: file.filename, file_data: `data:${mimeTypeOf(file)};base64,${base64}` }
    }
    const type = await imageTypeOf(files, file)
    if (type === undefined) throw fileRefusals.noImage(file.id, param)
    return { ...rest, image_url: `data:${type};base64,${await base64Of(file, param)}` }
  }

  const resolved: InputItem[] = []
  for (const [at, item] of items.entries()) {
    const field = contentField(item)
    const parts = field === undefined ? undefined : (item as Record<string, unknown>)[field]
    if (!Array.isArray(parts) || !(parts as Part[]).some(refersToFile)) {
      resolved.push(item)
      continue
    }
    const whole: Part[] = []
    for (const [n, part] of (parts as Part[]).entries())
      whole.push(await resolvePart(part, `input[${at - earlier}].${field}[${n}].file_id`, at < earlier))
    resolved.push({ ...item, [field as string]: whole } as InputItem)
  }
  return resolved
}

const GONE: Part = { type: 'input_text', text: '(A file that was here has been deleted.)' }

const refersToFile = ({ type, file_id: id }: Part): boolean =>
  (type === 'input_file' || type === 'input_image') && typeof id === 'string' && id !== ''

/** Where an item has parts. */
const contentField = (item: InputItem): 'content' | 'output' | undefined => {
  const { content, output } = item as { content?: unknown; output?: unknown }
  return Array.isArray(content) ? 'content' : Array.isArray(output) ? 'output' : undefined
}

const readBase64 = async (files: FileStore, { tenant, id }: StoredFile): Promise<string> => {
  const pieces: Uint8Array[] = []
  for await (const piece of files.read(tenant, id)) pieces.push(piece)
  return Buffer.concat(pieces).toString('base64')
}
