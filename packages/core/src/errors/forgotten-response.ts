import { ApiError } from '@antiphon/client'

/**
 * The error of a model that cannot go on from a stored response, told as a server would tell it: a run then sends its whole history, and goes on.
 * `reason` says why, as a sentence.
 */
export const forgottenResponse = (id: string, reason: string): ApiError =>
  new ApiError(
    'not_found',
    `Response ${id} cannot be gone on from. ${reason} Send the whole history instead.`,
    {
      status: 404,
      param: 'previous_response_id',
      apiCode: 'previous_response_not_found',
    },
  )
