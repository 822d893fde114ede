import type { Response } from '@antiphon/client'
import { ResponseFailedError } from '../errors.ts'

/** The error of a response that failed or was cancelled; of what its server wrote, only text is taken for a reason. */
export const failedResponse = ({ status, error }: Response): ResponseFailedError => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return new ResponseFailedError(
    status ?? 'failed',
    typeof code === 'string' ? code : undefined,
    typeof message === 'string' ? message : 'the server gave no reason',
  )
}
