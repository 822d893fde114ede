import { AntiphonError } from '../errors.ts'

/**
 * The caller stopped the call; `cause` is the reason that was given. Not retryable.
 *
 * `name` is `AbortError`, which is what platform code looks for.
 */
export class AbortedError extends AntiphonError<'aborted'> {
  override name = 'AbortError'

  constructor(reason?: unknown) {
    super('aborted', 'The call was aborted by its caller.', { cause: reason })
  }
}
