import type { ResponseRequest } from '@antiphon/client'

interface Encoded {
  readonly request: Record<string, unknown>
  readonly keys: number
  readonly text: string
}

/** The last text per list of tools: that list is one array for the life of an agent, so it stands for the agent. */
const byTools = new WeakMap<object, Encoded>()
const NO_TOOLS = {}

/**
 * The request without its input, as JSON text. The same from turn to turn but for what a hook changes, so it is made once and compared by identity
 * after that: values of a request must be replaced, not changed in place.
 */
export const encodeRest = (request: ResponseRequest): string => {
  const fields = request as unknown as Record<string, unknown>
  const key = request.tools ?? NO_TOOLS
  const last = byTools.get(key)
  if (last !== undefined && isSame(last, fields)) return last.text
  const { input: _, ...rest } = fields
  const text = JSON.stringify(rest)
  byTools.set(key, { request: rest, keys: Object.keys(rest).length, text })
  return text
}

const isSame = (last: Encoded, fields: Record<string, unknown>): boolean => {
  let keys = 0
  for (const name in fields) {
    if (name === 'input') continue
    if (fields[name] !== last.request[name] || !(name in last.request)) return false
    keys++
  }
  return keys === last.keys
}
