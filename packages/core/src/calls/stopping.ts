import { AntiphonError } from '@antiphon/client'
import type { Call } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import type { ToolSuspended } from '../context/suspended.ts'
import { errorText } from '../errors/error-text.ts'
import { JournalError } from '../errors/journal-error.ts'
import { settle } from './finish.ts'

/** Stops everything: the model call, and every call, with an output that says so. Idempotent. */
export const abortRun = (run: RunContext, message: string): void => {
  if (run.aborted !== undefined || run.ended) return
  run.aborted = new AntiphonError('aborted', message)
  stopCalls(run, 'aborted', `Aborted: ${message}`)
  run.stopModel(run.aborted)
}

/** Answers every call on its way with `text` and aborts its signal; calls that have not started never will. */
export const stopCalls = (run: RunContext, outcome: 'aborted' | 'limit', text: string): void => {
  const reason = new AntiphonError('aborted', text)
  run.stopped ??= { outcome, text }
  for (const call of [...run.active]) {
    settle(run, call, { outcome, text })
    call.context?.abort(reason)
  }
  run.wake()
}

/** A hook failed: remember the first error and stop what is on its way. */
export const failRun = (run: RunContext, error: unknown): void => {
  if (run.failure !== undefined || run.ended) return
  // A run that somebody cancelled elsewhere has not failed, though its calls cannot be recorded any more.
  if (error instanceof JournalError && error.code === 'run_cancelled') return abortRun(run, error.message)
  run.failure = { error }
  run.journal?.fail()
  abortRun(run, errorText(error))
}

/** A sub-agent waits for decisions, and so does the call that runs it. */
export const suspendCall = (run: RunContext, call: Call, suspended: ToolSuspended): void => {
  if (call.result !== undefined) return
  run.suspended.set(call, suspended)
  run.active.delete(call)
  call.finish?.()
}
