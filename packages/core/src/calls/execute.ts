import { begunItem } from '../built-in/show-call.ts'
import { type Call, clearTimer } from '../context/call.ts'
import { CallContext } from '../context/call-context.ts'
import type { RunContext } from '../context/run-context.ts'
import { ToolSuspended } from '../context/suspended.ts'
import { errorText } from '../errors/error-text.ts'
import { HookError } from '../errors.ts'
import { runInSlots } from '../tools/run-queue.ts'
import { type Tool, ToolFailed, ToolRetry } from '../tools/tool.ts'
import { setOwner } from './call-owner.ts'
import { type Ending, settle } from './finish.ts'
import { failRun, suspendCall } from './stopping.ts'

/** Milliseconds one attempt of a tool may take when it does not say. */
const DEFAULT_TOOL_TIMEOUT_MS = 300_000
/** Milliseconds a call may wait for its slots when its tool does not say. */
const DEFAULT_QUEUE_TIMEOUT_MS = 1_800_000
/** Wait before retry n is this times 2ⁿ. */
const RETRY_BASE_MS = 200
/** Longest delay setTimeout takes; beyond it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The context of a call; made once, also for `needsApproval`. */
export const createContext = (run: RunContext, call: Call): CallContext => {
  if (call.context !== undefined) return call.context
  call.context = new CallContext(
    {
      callId: call.callId,
      runId: run.runId,
      idempotencyKey: `${run.runId}/t${call.turn}/${call.callId}`,
      agent: run.agent.name,
      toolName: call.name,
      context: run.options.context,
    },
    (progress) => {
      if (call.result === undefined)
        run.emit({ type: 'tool.progress', callId: call.callId, name: call.name, progress })
    },
  )
  return call.context
}

/**
 * Starts a call: waits for its slots, runs it, and settles it. Whatever happens, the call gets one result; the promise never rejects.
 * The slot is held until the tool has really ended, also when its time was up long before.
 */
export const execute = (run: RunContext, call: Call, tool: Tool, input: unknown): void => {
  const context = createContext(run, call)
  if (tool.slotless) setOwner(context, { run, call })
  run.active.add(call)
  call.done = new Promise<void>((resolve) => {
    call.finish = resolve
  })
  let key: string | undefined
  try {
    key = tool.key?.(input)
  } catch (error) {
    failRun(run, new HookError(`key of tool "${tool.name}"`, error))
    settle(run, call, { outcome: 'error', text: 'Error: the tool could not be scheduled.' })
    return
  }
  const task = (): Promise<void> => attempt(run, call, tool, input, context)
  const inSlots = (): Promise<void> =>
    runInSlots(tool.slots, tool.slotless ? undefined : run.queue, key, tool.priority ?? 0, task)
  // One at a time means this run's calls, also when the queue is shared with others, or holds no slot for them.
  const started = run.agent.parallelToolCalls === false ? run.line.run(undefined, 0, inSlots) : inSlots()
  started.catch((error: unknown) => {
    settle(run, call, {
      outcome: 'error',
      text: `Error: ${errorText(error)}`,
    })
  })
  if (call.startedAt === 0 && call.result === undefined) boundWait(run, call, tool)
}

/** A slot that is held by a tool which never ends would let every call behind it wait for ever: no call waits longer than this. */
const boundWait = (run: RunContext, call: Call, tool: Tool): void => {
  const waitMs = tool.queueTimeoutMs ?? DEFAULT_QUEUE_TIMEOUT_MS
  if (waitMs >= MAX_TIMER_MS) return
  call.timer = setTimeout(() => {
    const text = `Not executed: no slot came free within ${waitMs} ms. Another call holds it.`
    settle(run, call, { outcome: 'timeout', text })
  }, waitMs)
}

const attempt = async (
  run: RunContext,
  call: Call,
  tool: Tool,
  input: unknown,
  context: CallContext,
): Promise<void> => {
  if (call.result !== undefined) return
  clearTimer(call)
  call.startedAt = performance.now()
  const queuedMs = call.startedAt - call.sealedAt
  const timeoutMs = tool.timeoutMs ?? DEFAULT_TOOL_TIMEOUT_MS
  for (let n = 1; ; n++) {
    context.attempt = n
    const started = {
      type: 'tool.started',
      callId: call.callId,
      name: call.name,
      attempt: n,
      queuedMs,
    } as const
    run.emit(tool.view === undefined ? started : { ...started, item: begunItem(tool.view, call) })
    // A listener may have stopped it.
    if (call.result !== undefined) return
    call.timer =
      timeoutMs < MAX_TIMER_MS
        ? setTimeout(() => {
            const text = `Error: the tool took longer than ${timeoutMs} ms and was stopped.`
            settle(run, call, { outcome: 'timeout', text })
            context.abort(new Error(text))
          }, timeoutMs)
        : undefined
    if (n === 1 && call.intent !== undefined && !(await announced(run, call))) return
    let ending: Ending | undefined
    try {
      const handled = run.agent.handleTool(
        { callId: call.callId, name: call.name, tool, input, arguments: call.arguments },
        context,
      )
      ending = { outcome: 'ok', value: isThenable(handled) ? await handled : handled }
    } catch (error) {
      if (error instanceof ToolSuspended) {
        suspendCall(run, call, error)
        return
      }
      if (n <= (tool.retries ?? 0) && mayRetry(error) && call.result === undefined) ending = undefined
      else ending = { outcome: 'error', text: describe(error) }
    } finally {
      clearTimer(call)
    }
    if (ending !== undefined) return settle(run, call, ending)
    await new Promise<void>((resolve) => {
      call.timer = setTimeout(resolve, Math.min(RETRY_BASE_MS * 2 ** (n - 1), MAX_TIMER_MS))
      // A call that was stopped meanwhile gives its slot back at once.
      void call.done?.then(resolve)
    })
    if (call.result !== undefined) return
  }
}

/** Records that the call is about to run; what cannot be recorded does not run. */
const announced = async (run: RunContext, call: Call): Promise<boolean> => {
  try {
    await call.intent?.()
  } catch (error) {
    failRun(run, error)
  }
  return call.result === undefined
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

const mayRetry = (error: unknown): boolean => !(error instanceof ToolRetry || error instanceof ToolFailed)

/** An error as the model reads it. */
const describe = (error: unknown): string => {
  const message = errorText(error)
  if (error instanceof ToolRetry) return `Error: ${message}\nCorrect the arguments and call again.`
  if (error instanceof ToolFailed) return `Error: ${message}\nThis cannot succeed: do not call it again.`
  return `Error: ${message}`
}
