import { AntiphonError } from 'antiphon'

/**
 * Why nothing ran: there is no sandbox on this machine (nothing is ever run without one), the sandbox could not be set up for this command, it was closed, or a file in it is not to be read.
 */
export type SandboxErrorCode =
  | 'sandbox_unavailable'
  | 'sandbox_failed'
  | 'sandbox_closed'
  | 'sandbox_file_refused'

/** A program that was not run, or a file that was not read. A program that failed is a result, not an error. */
export class SandboxError extends AntiphonError<SandboxErrorCode> {
  override name = 'SandboxError'
}
