import { decodeText } from './decode-text.ts'
import { detectKind, quoted } from './detect-kind.ts'
import { limitsOf } from './limits.ts'
import { ParseError } from './parse-error.ts'
import type { ParsedFile, ParseOptions } from './parsed-file.ts'
import { ReadFailure } from './read-failure.ts'
import { readApart } from './reader-pool.ts'

/**
 * The text of a file: PDF, docx, pptx, xlsx, HTML, or text of any kind. What is packed or marked up is read in a process of its own, with bounds on bytes, time and memory.
 *
 * @throws ParseError `file_too_large`, `unsupported_file`, `invalid_file`, `parse_timeout`, `parse_failed`, `aborted`; ConfigError `invalid_config` for limits that are none.
 */
export const parseFile = async (
  bytes: Uint8Array,
  { filename, mimeType, limits: given, signal }: ParseOptions,
): Promise<ParsedFile> => {
  const limits = limitsOf(given)
  try {
    if (signal?.aborted) throw new ReadFailure('aborted', 'Reading was stopped.')
    if (bytes.length > limits.maxBytes)
      throw new ReadFailure(
        'file_too_large',
        `${quoted(filename)} has ${bytes.length} bytes, more than ${limits.maxBytes} (\`limits.maxBytes\`).`,
      )
    const kind = detectKind(bytes, filename, mimeType)
    if (kind === 'text') return { kind, text: decodeText(bytes, filename, limits.maxCharacters) }
    return await readApart(bytes, { kind, filename, limits }, signal)
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error
    throw new ParseError(error.code, error.message, {
      cause: error.cause,
      retryable: error.code === 'parse_timeout',
    })
  }
}
