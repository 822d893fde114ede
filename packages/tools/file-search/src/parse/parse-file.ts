import type { ParsedFile, ParseOptions } from './parsed-file.ts'

/**
 * The text of a file. What is packed or compiled is read in a process of its own, with bounds on bytes, time and memory.
 *
 * @throws ParseError `file_too_large`, `unsupported_file`, `invalid_file`, `parse_timeout`, `parse_failed`, `aborted`.
 */
export const parseFile = async (_bytes: Uint8Array, _options: ParseOptions): Promise<ParsedFile> => {
  throw new Error('Not yet.')
}
