import type { InputItem } from '@antiphon/client'
import { validateItems, withOwnIds } from 'antiphon'
import { ServeError } from '../request/serve-error.ts'

/**
 * A history that servers take: an id that comes twice is left out the second time.
 *
 * @throws ServeError 400 for calls without outputs, and outputs without calls.
 */
export const checkedHistory = (items: readonly InputItem[]): InputItem[] => {
  const own = withOwnIds(items)
  const problem = validateItems(own).find(({ code }) => code !== 'duplicate_id')
  if (problem === undefined) return own
  throw new ServeError(400, {
    message: messageOf(problem.code, problem.callId),
    type: 'invalid_request_error',
    param: 'input',
    code: null,
  })
}

const messageOf = (code: string, callId: string): string => {
  switch (code) {
    case 'missing_output':
      return `No tool output found for function call ${callId}.`
    case 'orphan_output':
      return `No tool call found for function call output with call_id ${callId}.`
    case 'duplicate_output':
      return `Function call ${callId} has a second output.`
    default:
      return `Function call ${callId} is in the input twice.`
  }
}
