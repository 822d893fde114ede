import { AntiphonError } from 'antiphon'

/** Why commands were not run: what they are given is not allowed, or they could not be started. */
export type ShellErrorCode = 'shell_refused' | 'shell_failed'

/** Commands that did not run. What a command does by itself, failures included, is its output and no error. */
export class ShellError extends AntiphonError<ShellErrorCode> {
  override name = 'ShellError'
}
