import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ToolCall } from '../middleware/middleware.ts'
import type { ToolContext } from '../tools/tool-context.ts'

/** The innermost tool handler: runs the tool; what a generator yields is progress, what it returns is the result. */
export const runTool = (call: ToolCall, context: ToolContext): unknown => {
  const returned = call.tool.execute?.(call.input, context)
  return isGenerator(returned) ? drain(returned, context) : returned
}

type Generator = AsyncGenerator<unknown, unknown> | globalThis.Generator<unknown, unknown>

const isGenerator = (value: unknown): value is Generator =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Generator).next === 'function' &&
  (Symbol.asyncIterator in value || Symbol.iterator in value)

/** Steps between two looks at the world: a generator that waits for nothing would otherwise let no timer and no cancel through. */
const STEPS_PER_TURN = 256

const drain = async (generator: Generator, context: ToolContext): Promise<unknown> => {
  const { signal } = context
  for (let n = 1; ; n++) {
    const step = await generator.next()
    if (step.done) return step.value
    context.progress(step.value)
    if (n % STEPS_PER_TURN === 0) await nextTurn()
    if (signal.aborted) {
      // Nobody waits for the rest; its `finally` still runs.
      await generator.return?.(undefined)
      return undefined
    }
  }
}
