import { AbortedError, isAntiphonError, type ResponseRequest } from '@antiphon/client'
import type { EventSink, Model, ModelContext } from '../../model.ts'
import { decide } from './decide.ts'
import { emitResponse, emptyResponse, type Pace } from './emit-response.ts'
import { estimateUsage } from './estimate-usage.ts'
import type { Tool } from './read-tools.ts'

/** Options of `offline()`. */
export interface OfflineOptions {
  /** Changes ids and the choice among equal greetings, nothing else. @defaultValue 0 */
  seed?: number
  /** Pause before each delta in milliseconds, so that a demo can be watched. @defaultValue 0 */
  delayMs?: number
  /** Name for people, where two of them stand side by side. The response still says `offline`. @defaultValue 'offline' */
  name?: string
}

/** Deltas sent before the event loop gets a turn. */
const BURST = 64

/**
 * The embedded model: a rule-based stand-in for a language model that needs no key and no network.
 *
 * It picks tools by the words of the question, fills their arguments from the text by type and name, calls several at once,
 * corrects a failed call at most once, and answers from the outputs in the form the request asks for. It knows nothing by
 * itself and says so at the end of each text. Deterministic: the same request gives the same events; it has no clock, so
 * `created_at` is 0. `usage` is estimated at four characters a token, and `max_output_tokens` cuts by the same measure.
 * `tool_choice` is obeyed in every form that names function tools; a forced call is made once a turn.
 *
 * Rejects with `AbortedError` when the call is cancelled, or with the reason when that is an error of Antiphon's.
 */
export const offline = (options: OfflineOptions = {}): Model => {
  const { seed = 0, delayMs = 0, name = 'offline' } = options
  const tools = new WeakMap<object, Tool>()
  const sizes = new WeakMap<object, number>()
  const model = async (request: ResponseRequest, sink: EventSink, context: ModelContext): Promise<void> => {
    const { pace, stopIfCancelled } = pacer(context, delayMs)
    stopIfCancelled()
    const { decision, ids } = decide(request, seed, tools)
    const usage = estimateUsage(request, decision.output, sizes)
    await emitResponse(emptyResponse(ids.response, 'offline', request), decision, usage, sink, pace)
  }
  return Object.assign(model, { modelName: name, capabilities: { serverState: false, compact: false } })
}

/** Waits between deltas, lets other work run now and then, and ends the call soon after it was cancelled. */
const pacer = (context: ModelContext, delayMs: number): { pace: Pace; stopIfCancelled: () => void } => {
  let reason: Error | undefined
  let wake: (() => void) | undefined
  let sent = 0
  context.onAbort((why) => {
    reason ??= why
    wake?.()
  })
  const stopIfCancelled = (): void => {
    if (reason !== undefined) throw isAntiphonError(reason) ? reason : new AbortedError(reason)
  }
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      if (delayMs <= 0) return void setImmediate(resolve)
      const timer = setTimeout(resolve, delayMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const pace: Pace = () => {
    stopIfCancelled()
    if (delayMs <= 0 && ++sent % BURST !== 0) return undefined
    return pause().then(stopIfCancelled)
  }
  return { pace, stopIfCancelled }
}
