import { AntiphonError } from '../errors.ts'
import type { Call } from './call.ts'

/** The bytes or text of a body; made once per call, so that every attempt sends the same. */
export const encodeBody = (body: Call['body']): Uint8Array | string | undefined => {
  if (body === undefined || body instanceof Uint8Array) return body
  try {
    return JSON.stringify(body)
  } catch (cause) {
    throw new AntiphonError(
      'invalid_body',
      `The request cannot be written as JSON: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}. Remove cycles and BigInts.`,
      { cause },
    )
  }
}
