import { AntiphonError } from 'antiphon'

/**
 * Why a file has no text: it is over a limit, of a kind that cannot be read, not what it says it is or damaged, it took too long, or reading was stopped.
 */
export type ParseErrorCode =
  | 'file_too_large'
  | 'unsupported_file'
  | 'invalid_file'
  | 'parse_timeout'
  | 'parse_failed'
  | 'aborted'

/** A file that could not be read. Nothing of its content is in the message. */
export class ParseError extends AntiphonError<ParseErrorCode> {
  override name = 'ParseError'
}
