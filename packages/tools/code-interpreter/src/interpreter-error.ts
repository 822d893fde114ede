import { AntiphonError } from 'antiphon'

/** What there is not, or what there is too much of. */
export type InterpreterErrorCode =
  | 'container_unknown'
  | 'container_limit'
  | 'container_file_unknown'
  | 'container_file_refused'

/** Something asked of containers that cannot be. Code that fails is a result, not an error. */
export class InterpreterError extends AntiphonError<InterpreterErrorCode> {
  override name = 'InterpreterError'
}
