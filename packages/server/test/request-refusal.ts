import { expect } from 'vitest'
import { ServeError } from '../src/request/serve-error.ts'

/** What a request is refused with: parameter, code and message of a 400. Fails when it is not refused, or by anything else. */
export const refusalOf = (
  ask: () => unknown,
): { param: string | null; code: string | null; message: string } => {
  try {
    ask()
  } catch (error) {
    if (!(error instanceof ServeError)) throw error
    expect(error.status).toBe(400)
    const { param, code, message, type } = error.body.error
    expect(type).toBe('invalid_request_error')
    expect(message.length).toBeGreaterThan(10)
    return { param, code, message }
  }
  throw new Error('It was not refused.')
}

/** The same as `param code`. */
export const refused = (ask: () => unknown): string => {
  const { param, code } = refusalOf(ask)
  return `${param} ${code}`
}
