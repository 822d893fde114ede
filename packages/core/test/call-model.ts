import { createAccumulator, type Response, type ResponseEvent, type ResponseRequest } from '@antiphon/client'
import type { Model, ModelContext } from 'antiphon'

/** A context outside any run, and what a model told it. */
export interface TestContext extends ModelContext {
  readonly warnings: string[]
  readonly booked: { inputTokens: number; modelName: string | undefined }[]
  /** Stops the model call. */
  stop(reason: Error): void
}

/** Makes a context as a caller without a run has it. */
export const testContext = (): TestContext => {
  const controller = new AbortController()
  let cancel: ((reason: Error) => void) | undefined
  const warnings: string[] = []
  const booked: TestContext['booked'] = []
  return {
    warnings,
    booked,
    signal: controller.signal,
    onAbort(given) {
      cancel = given
      if (controller.signal.aborted) given(controller.signal.reason as Error)
    },
    warn: (_code, message) => void warnings.push(message),
    bookUsage: (usage, modelName) => void booked.push({ inputTokens: usage?.input_tokens ?? 0, modelName }),
    stop(reason) {
      controller.abort(reason)
      cancel?.(reason)
    },
  }
}

/** Calls a model directly; rejects as it does. */
export const callModel = async (
  model: Model,
  request: ResponseRequest = { input: 'Hi' },
  context: ModelContext = testContext(),
): Promise<{ events: ResponseEvent[]; response: Response }> => {
  const events: ResponseEvent[] = []
  const fold = createAccumulator()
  await model(
    request,
    (event) => {
      events.push(event)
      fold.push(event)
    },
    context,
  )
  return { events, response: fold.finish() }
}

/** Types of events, for comparing sequences. */
export const typesOf = (events: readonly { type: string }[]): string[] => events.map((event) => event.type)
