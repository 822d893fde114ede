import type { Model } from '../model.ts'
import { guardInput, type InputGuard } from './guard-input.ts'
import { guardOutput, type OutputGuard } from './guard-output.ts'
import { guardTool, type ToolGuard } from './guard-tool.ts'
import { likeModel } from './like-model.ts'
import type { Middleware, ToolHandler } from './middleware.ts'

/** Checks at the doors of a run. */
export interface GuardOptions {
  /** Before a model call that brings new messages: the first one, and those after `run.steer()`. Nothing is sent when it blocks. */
  readonly input?: InputGuard
  /** When the answer is whole: a response without calls, or one that was cut off. */
  readonly output?: OutputGuard
  /** Before a call runs, and after. */
  readonly tool?: ToolGuard
  /**
   * Holds every event of a response back until the output check has passed. Without it, the text that streamed before may have been seen already, and blocking only
   * keeps it out of the result and the history; with it, nothing streams and no call starts before its response is complete. @defaultValue false
   */
  readonly hold?: boolean
}

/**
 * Lets checks decide about input, answers and calls.
 *
 * A check of input or output returns `{ block: reason }` or throws, and the run fails with GuardError `guard_blocked`. A check of a tool rejects the call
 * instead: the model reads the reason, and the run goes on. Checks may be asynchronous; cancelling the run does not wait for them.
 */
export const guard = ({ input, output, tool, hold = false }: GuardOptions): Middleware => ({
  name: 'guard',
  ...(input === undefined && output === undefined
    ? {}
    : {
        model: (next: Model) => {
          const inner = output === undefined ? next : guardOutput(next, output, hold)
          return likeModel(next, input === undefined ? inner : guardInput(inner, input))
        },
      }),
  ...(tool === undefined ? {} : { tool: (next: ToolHandler) => guardTool(next, tool) }),
})
