import { refuse } from './parameter-refusals.ts'
import type { ServeError } from './serve-error.ts'

/** What is read of any item. */
interface Seen {
  readonly type?: unknown
  readonly id?: unknown
  readonly call_id?: unknown
  readonly execution?: unknown
}

/** Calls that wait for an output, by the type of that output. */
const CALL_OF: Readonly<Record<string, string>> = {
  function_call_output: 'function_call',
  custom_tool_call_output: 'custom_tool_call',
  computer_call_output: 'computer_call',
  local_shell_call_output: 'local_shell_call',
  shell_call_output: 'shell_call',
  apply_patch_call_output: 'apply_patch_call',
  tool_search_output: 'tool_search_call',
}

const CALLS: ReadonlySet<unknown> = new Set(Object.values(CALL_OF))

const words = (type: string): string => type.replaceAll('_', ' ')

/** The key that an output names its call by. */
const callIdOf = (item: Seen): unknown => (item.type === 'local_shell_call_output' ? item.id : item.call_id)

const missingOutput = (type: string, callId: string): ServeError =>
  refuse(
    'missing_tool_output',
    'input',
    `No tool output found for ${type === 'function_call' ? 'function call' : words(type)} ${callId}.`,
  )

const missingCall = (type: string, callId: string): ServeError =>
  refuse(
    'missing_tool_call',
    'input',
    `No tool call found for ${type === 'function_call_output' ? 'function call output' : words(type)} with call_id ${callId}.`,
  )

/** Of searches, only those that the client makes have to be answered by it. */
const waits = (item: Seen): boolean => item.type !== 'tool_search_call' || item.execution === 'client'

/**
 * Checks a whole history, references resolved: every call has its output behind it and every output its call before it, and no id is there twice. One pass.
 *
 * A call id may come again once it is answered. What a `compaction` item stands for is not visible: behind one, an output may lack its call, and before one a call its output.
 *
 * @throws ServeError 400 with `param: 'input'`.
 */
export const checkHistory = (items: Iterable<unknown>): void => {
  const ids = new Set<string>()
  /** Calls without an output, by type and key. The value counts those that have the same. */
  const open = new Map<string, number>()
  let isCompacted = false
  for (const each of items) {
    if (typeof each !== 'object' || each === null) continue
    const item = each as Seen
    const { type, id } = item
    if (typeof id === 'string' && id !== '' && type !== 'local_shell_call_output') {
      if (ids.has(id)) {
        const hint = 'Remove it: items of a previous response or a conversation are not sent again.'
        throw refuse('duplicate_item', 'input', `Duplicate item found with id ${id}. ${hint}`)
      }
      ids.add(id)
    }
    if (typeof type !== 'string') continue
    if (type === 'compaction') {
      isCompacted = true
      open.clear()
      continue
    }
    const callId = callIdOf(item)
    if (typeof callId !== 'string') continue
    if (CALLS.has(type)) {
      if (!waits(item)) continue
      const key = `${type} ${callId}`
      open.set(key, (open.get(key) ?? 0) + 1)
    } else if (Object.hasOwn(CALL_OF, type)) {
      const key = `${CALL_OF[type]} ${callId}`
      const count = open.get(key)
      if (count === undefined) {
        // A search by the server, and its answer, come together.
        if (isCompacted || type === 'tool_search_output') continue
        throw missingCall(type, callId)
      }
      if (count === 1) open.delete(key)
      else open.set(key, count - 1)
    }
  }
  const first = open.keys().next()
  if (first.done === true) return
  const at = first.value.indexOf(' ')
  throw missingOutput(first.value.slice(0, at), first.value.slice(at + 1))
}
