import {
  createAccumulator,
  finalText,
  type InputItem,
  isTerminalEvent,
  type Response,
  type ResponseEvent,
  type ResponseRequest,
} from '@antiphon/client'
import { GuardError } from '../errors.ts'
import { pairingOf } from '../history/pairing.ts'
import type { Model, ModelContext } from '../model.ts'
import { orStopped } from './stoppable.ts'
import { blockReason, type Verdict } from './verdict.ts'

/** What an output check sees. */
export interface OutputCheck {
  /** The final text of the answer. */
  readonly text: string
  readonly response: Response
  readonly request: ResponseRequest
}

/** Decides about an answer before it counts. */
export type OutputGuard = (output: OutputCheck, context: ModelContext) => Verdict | Promise<Verdict>

/** Checks the answer when it is whole. The terminal event waits for the check; with `hold` all events do. */
export const guardOutput = (model: Model, check: OutputGuard, hold: boolean): Model => {
  const guardedModel: Model = async (request, sink, context) => {
    const fold = createAccumulator()
    const held: ResponseEvent[] = []
    let ended = false
    await model(
      request,
      (event) => {
        fold.push(event)
        ended ||= isTerminalEvent(event)
        if (hold || ended) held.push(event)
        else sink(event)
      },
      context,
    )
    const response = ended ? fold.finish() : undefined
    if (response !== undefined && isAnswer(response)) {
      const text = finalText(response)
      const reason = await orStopped(
        blockReason(() => check({ text, response, request }, context)),
        context,
      )
      if (reason !== undefined) {
        // The answer is withheld, but it was paid for.
        context.bookUsage?.(response.usage, model.modelName ?? response.model)
        throw new GuardError('output', reason.text, reason.cause)
      }
    }
    for (const event of held) sink(event)
  }
  return guardedModel
}

/** A response that asks for calls goes on; one that was cut off does not, whatever it asks for. */
const isAnswer = ({ status, output }: Response): boolean => {
  if (status === 'failed' || status === 'cancelled') return false
  return status === 'incomplete' || !output.some((item) => pairingOf(item as InputItem)?.role === 'call')
}
