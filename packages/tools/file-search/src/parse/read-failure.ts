import type { ParseErrorCode } from './parse-error.ts'

/** What reading throws, also in the process of its own, which is to load nothing but readers. Becomes a `ParseError` at the door. */
export class ReadFailure extends Error {
  override name = 'ReadFailure'
  readonly code: ParseErrorCode

  constructor(code: ParseErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
