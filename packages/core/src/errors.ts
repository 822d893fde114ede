import { AntiphonError } from '@antiphon/client'
import { errorText } from './errors/error-text.ts'

/** A mistake in how an agent, tool or run was set up: thrown where it is made. */
export class ConfigError extends AntiphonError<
  'invalid_config' | 'duplicate_tool' | 'invalid_history' | 'invalid_state' | 'invalid_decision'
> {
  override name = 'ConfigError'
}

/** A hook (`prepareTurn`, `stopWhen`, `needsApproval`, `key`) threw: the run cannot know what was meant, so it fails. */
export class HookError extends AntiphonError<'hook_failed'> {
  override name = 'HookError'
  constructor(hook: string, cause: unknown) {
    super('hook_failed', `${hook} threw: ${errorText(cause)}. Mend the hook; the run was ended.`, { cause })
  }
}

/** The model's answer does not match the output schema, also after it was asked to mend it. */
export class OutputError extends AntiphonError<'output_invalid'> {
  override name = 'OutputError'
  /** What the model wrote. */
  readonly text: string
  constructor(text: string, issues: string) {
    super('output_invalid', `The answer does not match the output schema:\n${issues}`)
    this.text = text
  }
}

/** `onLimit: 'throw'` and a limit was reached. */
export class LimitError extends AntiphonError<'limit_reached'> {
  override name = 'LimitError'
  readonly limit: string
  readonly used: number
  readonly max: number
  constructor(limit: string, used: number, max: number) {
    super(
      'limit_reached',
      `Limit ${limit} reached: used ${used} of ${max}. Raise limits.${limit}, or use onLimit: 'answer'.`,
    )
    this.limit = limit
    this.used = used
    this.max = max
  }
}

/** Codes of failures that pass: the server's own, and being asked too much. */
const RETRYABLE = /server_error|internal|rate_?limit|overloaded|unavailable|capacity|timeout/i

/** The response came back with status `failed` or `cancelled`. */
export class ResponseFailedError extends AntiphonError<'response_failed' | 'response_cancelled'> {
  override name = 'ResponseFailedError'
  /** The server's own code, such as `server_error` or `rate_limit_exceeded`. */
  readonly responseCode: string | undefined
  constructor(status: string, responseCode: string | undefined, message: string) {
    super(
      status === 'cancelled' ? 'response_cancelled' : 'response_failed',
      `The model's response ${status === 'cancelled' ? 'was cancelled' : 'failed'}: ${message}`,
      { retryable: RETRYABLE.test(responseCode ?? '') },
    )
    this.responseCode = responseCode
  }
}

/** A check of `guard()` refused what came in or what would go out. */
export class GuardError extends AntiphonError<'guard_blocked'> {
  override name = 'GuardError'
  /** What was refused: the user's input, or the model's answer. */
  readonly stage: 'input' | 'output'
  /** Why, in the words of the check. */
  readonly reason: string
  constructor(stage: 'input' | 'output', reason: string, cause?: unknown) {
    const what =
      stage === 'input' ? 'The input was refused before anything was sent' : 'The answer was refused'
    super('guard_blocked', `${what} (guard): ${reason}`, { cause })
    this.stage = stage
    this.reason = reason
  }
}
