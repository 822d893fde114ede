import { AntiphonError } from 'antiphon'

/** A mistake in how the command was called (`usage`), or in the agent file (`agent_file`), with what to do about it. */
export class CliError extends AntiphonError<'usage' | 'agent_file'> {
  override name = 'CliError'
  /** What to do, on lines of its own. */
  readonly hint: string | undefined

  constructor(
    code: 'usage' | 'agent_file',
    message: string,
    options: { hint?: string; cause?: unknown } = {},
  ) {
    super(code, message, { cause: options.cause })
    this.hint = options.hint
  }
}
