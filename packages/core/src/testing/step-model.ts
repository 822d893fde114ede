import type { ResponseRequest } from '@antiphon/client'
import type { EventSink, Model } from '../model.ts'
import { createItemIds } from './item-ids.ts'
import { lifecycleEvents } from './lifecycle-events.ts'
import { scriptResponse } from './script-response.ts'
import type { ScriptAnswer, ScriptEvents, ScriptStep } from './script-step.ts'

/** How a scripted model behaves beside its steps. */
export interface ScriptedOptions {
  /** Name of the model, also in the responses of requests that name none. @defaultValue `'scripted'` */
  modelName?: string
  /**
   * What `requests` keeps: a deep copy of each request as it was at the call; the input array copied but its items
   * shared; or nothing, for very long runs. @defaultValue `'copy'`
   */
  record?: 'copy' | 'items' | 'none'
}

/** A model that answers by a script, and the requests it got. */
export interface ScriptedModel extends Model {
  /** Every request so far, as it was when the call was made. */
  readonly requests: ResponseRequest[]
}

const snapshot = (request: ResponseRequest, record: 'copy' | 'items'): ResponseRequest => {
  if (record === 'copy') return structuredClone(request)
  return Array.isArray(request.input) ? { ...request, input: [...request.input] } : { ...request }
}

const isEvents = (answer: ScriptAnswer): answer is ScriptEvents =>
  typeof answer === 'object' && 'events' in answer

/** What an answer comes to: its events, and what is thrown after them. */
const planOf = (
  answer: ScriptAnswer,
  request: ResponseRequest,
  ids: ReturnType<typeof createItemIds>,
): ScriptEvents => {
  if (isEvents(answer)) return answer
  const parts = typeof answer === 'string' ? { text: answer } : answer
  if (!parts.error) return { events: lifecycleEvents(scriptResponse(request, parts, ids)) }
  const { error, ...others } = parts
  if (Object.keys(others).length === 0) return { events: [], error }
  return { events: lifecycleEvents(scriptResponse(request, others, ids)).slice(0, -1), error }
}

/** Pushes every event; each in a tick of its own, so that a cancellation comes in between. */
const pushAll = async (
  events: ScriptEvents['events'],
  sink: EventSink,
  cancelled: Promise<never>,
): Promise<void> => {
  const iterator = Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]()
  let ended = false
  try {
    for (;;) {
      const step = await Promise.race([cancelled, iterator.next()])
      ended = step.done === true
      if (step.done) return
      sink(step.value)
    }
  } finally {
    // Not awaited: a generator that waits for something keeps its return() waiting, too.
    if (!ended) void iterator.return?.()
  }
}

/** A model whose n-th call is answered with the step `stepFor(n)`, which may throw. */
export const stepModel = (
  stepFor: (n: number) => ScriptStep,
  options: ScriptedOptions = {},
): ScriptedModel => {
  const { modelName = 'scripted', record = 'copy' } = options
  const requests: ResponseRequest[] = []
  const ids = createItemIds()
  let made = 0

  const model: Model = async (request, sink, context) => {
    const cancelled = new Promise<never>((_resolve, reject) => context.onAbort(reject))
    cancelled.catch(() => undefined)
    if (record !== 'none') requests.push(snapshot(request, record))
    const n = made++
    const step = stepFor(n)
    const answer = typeof step === 'function' ? await Promise.race([cancelled, step(request, n)]) : step
    const named = request.model === undefined ? { ...request, model: modelName } : request
    const plan = planOf(answer, named, ids)
    await pushAll(plan.events, sink, cancelled)
    if (plan.error) throw plan.error
  }

  return Object.assign(model, { modelName, requests })
}
