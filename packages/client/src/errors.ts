/** Facts every Antiphon error carries beside its message. */
export interface AntiphonErrorOptions {
  /** Would the same call have a fair chance if it were made again? */
  retryable?: boolean
  /** What was thrown underneath, when something was. */
  cause?: unknown
}

/**
 * The base of every error that Antiphon throws.
 *
 * Match on `code`, a literal that is stable across versions; `message` says what happened, where, and what to do.
 * No error holds a key: headers are never attached, and bodies are redacted before they are.
 */
export class AntiphonError<Code extends string = string> extends Error {
  override name = 'AntiphonError'
  /** Stable identifier of the kind of failure. */
  readonly code: Code
  /** True when a retry may succeed: 408, 409, 429, 5xx, lost connections, overload. */
  readonly retryable: boolean

  constructor(code: Code, message: string, options: AntiphonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** True for any error made by Antiphon, also by another copy of the package. */
export const isAntiphonError = (error: unknown): error is AntiphonError =>
  error instanceof AntiphonError ||
  (error instanceof Error && typeof (error as { code?: unknown }).code === 'string' && 'retryable' in error)
