import {
  createAccumulator,
  isTerminalEvent,
  type ResponseEvent,
  type ResponseRequest,
  type ResponseUsage,
} from '@antiphon/client'
import { failedResponse } from '../errors/failed-response.ts'
import type { EventSink, Model, ModelContext } from '../model.ts'

/** A model call that failed before anything visible was handed on, so that another one may take its place. */
export interface FailedAttempt {
  readonly error: unknown
  /** What the failed response has cost, where it says so. */
  readonly usage?: ResponseUsage
  /** Ends as the failed call ended: hands on what was held back, and throws when the model did. */
  giveUp(): void
}

/** Events that show nothing yet of the answer itself. */
const BEFORE_ANSWER: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'keepalive',
  'ping',
  'response.keep_alive',
  'codex.rate_limits',
  'error',
])

/**
 * Calls a model and holds its events back until the first that shows something of the answer; from there on everything goes straight through, and a failure is
 * thrown. A failure before that comes back as a value, also one that was told by events: `error`, `response.failed`, or no terminal event at all.
 */
export const attempt = async (
  model: Model,
  request: ResponseRequest,
  sink: EventSink,
  context: ModelContext,
): Promise<FailedAttempt | undefined> => {
  const held: ResponseEvent[] = []
  let stage: 'holding' | 'open' | 'over' = 'holding'
  const release = (): void => {
    stage = 'open'
    for (const event of held.splice(0)) sink(event)
  }
  const gate: EventSink = (event) => {
    if (stage === 'open') return sink(event)
    // What a model pushes after its call has failed belongs to no answer.
    if (stage === 'over') return
    held.push(event)
    if (!BEFORE_ANSWER.has(event.type) && !isFailure(event)) release()
  }
  const isOpen = (): boolean => stage === 'open'

  try {
    await model(request, gate, context)
  } catch (error) {
    if (isOpen()) throw error
    stage = 'over'
    const giveUp = (): never => {
      release()
      throw error
    }
    return { error, giveUp }
  }
  if (isOpen()) return undefined
  stage = 'over'
  return { ...failureOf(held), giveUp: release }
}

/** The status decides, not the name: some servers end a failed response with `response.completed`. */
const isFailure = (event: ResponseEvent): boolean =>
  event.type === 'response.failed' || (isTerminalEvent(event) && event.response?.status === 'failed')

/** What an answer that consists of events before the answer has failed with. */
const failureOf = (held: readonly ResponseEvent[]): { error: unknown; usage?: ResponseUsage } => {
  const fold = createAccumulator()
  for (const event of held) fold.push(event)
  try {
    const response = fold.finish()
    const { usage } = response
    const failed = failedResponse(response)
    return usage ? { error: failed, usage } : { error: failed }
  } catch (error) {
    return { error }
  }
}
