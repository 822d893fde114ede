import { errorText } from '../errors/error-text.ts'
import { isToolOutput, ToolFailed } from '../tools/tool.ts'
import type { ToolContext } from '../tools/tool-context.ts'
import type { ToolCall, ToolHandler } from './middleware.ts'

/** What is decided about a call before it runs: `reject` tells the model why it does not. */
export type CallVerdict = 'allow' | { readonly reject: string } | undefined

/** What is decided about an output: `replace` puts another value in its place. */
export type ResultVerdict = CallVerdict | { readonly replace: unknown }

/** Checks around a tool. A check that throws rejects, with its message. */
export interface ToolGuard {
  /** Before a call runs; its input is parsed and valid. */
  before?(call: ToolCall, context: ToolContext): CallVerdict | Promise<CallVerdict>
  /** After it ran; `output` is what the model would see (the `content` of a `toolOutput`). */
  after?(output: unknown, call: ToolCall, context: ToolContext): ResultVerdict | Promise<ResultVerdict>
}

/** Puts the checks around a handler. */
export const guardTool =
  (next: ToolHandler, guard: ToolGuard): ToolHandler =>
  async (call, context) => {
    if (guard.before !== undefined) allow(await ask(() => guard.before?.(call, context)))
    const returned = await next(call, context)
    if (guard.after === undefined) return returned
    const output = isToolOutput(returned) ? returned.content : returned
    const verdict = await ask(() => guard.after?.(output, call, context))
    if (typeof verdict === 'object' && 'replace' in verdict) return verdict.replace
    allow(verdict)
    return returned
  }

/** What a check throws says no, and is no reason for another try. */
const ask = async <Answer>(check: () => Answer | Promise<Answer>): Promise<Answer> => {
  try {
    return await check()
  } catch (error) {
    throw new ToolFailed(errorText(error))
  }
}

const allow = (verdict: CallVerdict): void => {
  if (typeof verdict === 'object') throw new ToolFailed(verdict.reject)
}
