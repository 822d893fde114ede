import { quoted } from './detect-kind.ts'
import { ReadFailure } from './read-failure.ts'
import { tooMuchText } from './text-sink.ts'

/**
 * Bytes as text: UTF-8, or UTF-16 where a mark says so.
 *
 * @throws ReadFailure `invalid_file` for anything else, `file_too_large`.
 */
export const decodeText = (bytes: Uint8Array, filename: string, maxCharacters: number): string => {
  // No text has less than a character for 4 bytes.
  if (bytes.length / 4 > maxCharacters) throw tooMuchText(maxCharacters)
  const encoding = encodingOf(bytes)
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ReadFailure(
      'invalid_file',
      `${quoted(filename)} is no text in ${encoding === 'utf-8' ? 'UTF-8' : 'UTF-16'}. Convert it, if it is text of another encoding.`,
      { cause },
    )
  }
  if (text.length > maxCharacters) throw tooMuchText(maxCharacters)
  if (text.includes('\0'))
    throw new ReadFailure('unsupported_file', `${quoted(filename)} has zero bytes in it: it is no text.`)
  return text.replace(/\r\n?/g, '\n')
}

const encodingOf = (bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
}
