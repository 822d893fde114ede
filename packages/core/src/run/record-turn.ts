import { eventsOf, type InputItem, type Response, type ResponseRequest } from '@antiphon/client'
import type { LimitHit } from '../budget/purse.ts'
import { NOT_RECORDED } from '../calls/record-call.ts'
import type { TurnCalls } from '../calls/turn-calls.ts'
import type { RunContext } from '../context/run-context.ts'
import { aboutDifference } from '../journal/about-difference.ts'
import type { Journal } from '../journal/journal.ts'
import type { LogRecord, ModelAbout } from '../journal/log-record.ts'
import { diverged } from '../journal/open-log.ts'

/** A model call that is about to be made. */
export interface TurnStep {
  readonly request: ResponseRequest
  readonly calls: TurnCalls
  readonly steered: readonly InputItem[]
  readonly modelName: string | undefined
  /** The limit that makes it the last turn. */
  readonly last: LimitHit | undefined
  ask(): Promise<Response>
}

/** Key of a turn's model call. */
export const turnKey = (turn: number): string => `t${turn}/model`

/** Makes a model call as a step of the run's log; or takes the recorded response, and accepts its calls. */
export const recordTurn = async (run: RunContext, journal: Journal, step: TurnStep): Promise<Response> => {
  const { steered, last, calls } = step
  const key = turnKey(run.turn)
  const { requests } = run
  const asked = requests.describe(step.request, run.agent.name)
  const about = (): ModelAbout => ({
    ...asked,
    ...(run.answerer === undefined ? {} : { answeredBy: run.answerer }),
    ...(steered.length === 0 ? {} : { steered }),
    ...(last === undefined ? {} : { limit: last }),
    ...(answered === undefined || isInOrder(calls.sealed, answered.output.length)
      ? {}
      : { sealed: calls.sealed }),
  })
  let recorded = (): void => undefined
  let failed = (): void => undefined
  run.turnRecorded = new Promise((resolve, reject) => {
    recorded = resolve
    failed = () => reject(NOT_RECORDED)
  })
  // Calls look at it when they have run; there may be none.
  run.turnRecorded.catch(() => undefined)
  let answered: Response | undefined
  try {
    const response = await journal.step(
      key,
      async () => {
        answered = await step.ask()
        return answered
      },
      { kind: 'model', about, check: (record) => checkTurn(run, record, asked, journal.strict) },
    )
    recorded()
    if (answered === undefined) replay(run, journal, step, response)
    requests.advance(step.request)
    requests.rememberOutput(key, response.output)
    return response
  } catch (error) {
    failed()
    throw error
  }
}

/** The log has this turn with the whole history: the server had forgotten the response before it. */
export const wasAskedAnew = (run: RunContext, request: ResponseRequest): boolean => {
  if (run.journal === undefined || request.previous_response_id === undefined) return false
  const about = run.journal.recorded(turnKey(run.turn))?.about as ModelAbout | undefined
  return about !== undefined && !run.requests.hasField('previous_response_id', about)
}

/** What a live answer does on its way, done with a recorded one. */
const replay = (
  run: RunContext,
  journal: Journal,
  { calls, modelName }: TurnStep,
  response: Response,
): void => {
  const known = journal.recorded(turnKey(run.turn))?.about as ModelAbout | undefined
  run.bookUsage(response.usage, known?.answeredBy ?? modelName, response.model)
  const { output } = response
  if (run.options.tellAgain === true) {
    run.tellAgain({ type: 'turn.started', turn: run.turn, agent: run.agent.name })
    for (const event of eventsOf(response)) run.tellAgain(event)
  }
  for (const index of known?.sealed ?? output.keys()) {
    const item = output[index]
    if (item !== undefined) calls.onSealed(item, index)
  }
  journal.passed(turnKey(run.turn))
}

const isInOrder = (sealed: readonly number[], count: number): boolean =>
  sealed.length === count && sealed.every((position, n) => position === n)

const checkTurn = (run: RunContext, record: LogRecord, asked: ModelAbout, isStrict: boolean): void => {
  const known = record.about as ModelAbout | undefined
  if (known === undefined) return
  if (known.agent !== run.agent.name)
    throw diverged(record.key, `agent "${known.agent}" was asked, and now it is "${run.agent.name}"`)
  const difference = isStrict ? aboutDifference(known, asked) : undefined
  if (difference !== undefined)
    throw diverged(record.key, `the request differs first at ${difference.path}`, difference)
  const length = ({ input }: ModelAbout): number => input.keep + input.add.length
  if (length(known) !== length(asked))
    throw diverged(record.key, `the model was sent ${length(known)} items, and now it is ${length(asked)}`)
}
