import {
  type Accumulator,
  AntiphonError,
  createAccumulator,
  type InputItem,
  type Response,
  type ResponseEvent,
} from '@antiphon/client'
import type { LimitHit } from '../budget/purse.ts'
import { TurnCalls } from '../calls/turn-calls.ts'
import type { RunContext } from '../context/run-context.ts'
import { toError } from '../errors/error-text.ts'
import { failedResponse } from '../errors/failed-response.ts'
import { recordTurn, wasAskedAnew } from './record-turn.ts'
import { prepareRequest } from './request.ts'

/** One answered model call: its response, and its calls, some of which may run already. */
export interface Turn {
  readonly response: Response
  readonly calls: TurnCalls
}

/**
 * Makes one model call: request, events, fold. Calls are accepted as they are sealed, so harmless ones run while the answer still streams.
 * When the call fails, what was started is discarded and nothing of it reaches the history. `steered` are the items that came from outside since the last call.
 */
export const modelTurn = async (
  run: RunContext,
  last?: LimitHit,
  steered: readonly InputItem[] = [],
): Promise<Turn> => {
  const { request, overrides } = await prepareRequest(run, last)
  if (run.aborted !== undefined) throw run.aborted
  run.answerOnly = last
  run.purse.bookTurn()
  if (wasAskedAnew(run, request)) {
    run.server = undefined
    return modelTurn(run, last, steered)
  }
  const turn = run.turn
  const calls = new TurnCalls(run, turn)
  const fold = createAccumulator(calls)
  const model = overrides?.model === undefined ? run.agent.model : run.agent.inMiddleware(overrides.model)
  run.answerer = undefined
  const sink = new TurnSink(run, fold)
  run.sink = sink
  const modelName = overrides?.model?.modelName ?? run.agent.modelName
  const ask = async (): Promise<Response> => {
    run.emit({ type: 'turn.started', turn, agent: run.agent.name })
    await run.orAborted(Promise.resolve(model(request, sink.take, run)))
    run.check()
    if (run.aborted !== undefined) throw run.aborted
    const answer = fold.finish()
    // Also a response that failed has cost what it says.
    run.bookUsage(answer.usage, run.answerer ?? modelName, answer.model)
    failed(answer)
    return answer
  }
  let response: Response
  try {
    response = await (run.journal === undefined
      ? ask()
      : recordTurn(run, run.journal, { request, calls, steered, modelName, last, ask }))
  } catch (error) {
    sink.open = false
    run.partial = fold.snapshot()
    calls.discard(toError(error))
    if (run.aborted === undefined && forgotten(run, error)) return modelTurn(run, last, steered)
    throw error
  } finally {
    sink.open = false
    run.modelEnded()
  }
  run.partial = undefined
  run.response = response
  run.turn++
  return { response, calls }
}

const WATCH: unique symbol = Symbol.for('antiphon.watch') as never

/** Takes the events of one model call, until it is over: to whoever follows the run first, then to the fold, which may start calls. */
class TurnSink {
  open = true
  readonly #run: RunContext
  readonly #fold: Accumulator

  constructor(run: RunContext, fold: Accumulator) {
    this.#run = run
    this.#fold = fold
    // Read by the client: events of a whole answer that only the fold would take are not made.
    ;(this.take as { [WATCH]?: { readonly watched: boolean } })[WATCH] = run.fanOut
  }

  readonly take = (event: ResponseEvent): void => {
    if (!this.open || this.#run.aborted !== undefined) return
    this.#run.fanOut.emit(event)
    this.#fold.push(event)
  }
}

/** The status decides, not the name of the last event: some servers end a failed response with `response.completed`. */
const failed = (response: Response): void => {
  const { status } = response
  if (status === 'failed' || status === 'cancelled') throw failedResponse(response)
}

/** The server does not know the previous response any more (or never kept it): from here on the whole history is sent. */
const forgotten = (run: RunContext, error: unknown): boolean => {
  const { server } = run
  if (server?.previousResponseId === undefined || server.continued || !(error instanceof AntiphonError))
    return false
  const { status, param, apiCode, message } = error as {
    status?: number
    param?: string
    apiCode?: string
    message: string
  }
  const refused = status === 400 || status === 404 || status === 501
  const about =
    apiCode === 'previous_response_not_found' ||
    param === 'previous_response_id' ||
    /previous.response/i.test(message)
  if (!refused || !(about || status !== 400)) return false
  run.server = undefined
  run.warn(
    'server_state_lost',
    `The server does not know response ${server.previousResponseId}; the whole history is sent from now on.`,
  )
  return true
}
