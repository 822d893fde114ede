import { finalText, type InputItem, refusalText } from '@antiphon/client'
import type { LimitHit } from '../budget/purse.ts'
import { usageOf } from '../budget/usage.ts'
import { pendingOf } from '../calls/pending.ts'
import type { TurnCalls } from '../calls/turn-calls.ts'
import type { RunContext } from '../context/run-context.ts'
import { LimitError, OutputError } from '../errors.ts'
import type { Stop } from '../events/stop.ts'
import type { EndValue, ModelAbout } from '../journal/log-record.ts'
import { takeDecisions } from '../state/take-decisions.ts'
import { openTools } from './open-tools.ts'
import { type Parsed, parseOutput, repairMessage } from './output.ts'
import { turnKey } from './record-turn.ts'
import { callHook, turnInfo } from './request.ts'
import { modelTurn, type Turn } from './turn.ts'

/** What the loop knows when it has stopped. */
export interface Ending {
  stop: Stop
  text: string
  output: unknown
  /** The calls that wait, when it stopped for them. */
  waiting?: TurnCalls
}

/** What one turn leads to. */
type Step =
  | { kind: 'again' }
  | { kind: 'final'; text: string }
  | { kind: 'limit'; hit: LimitHit }
  | { kind: 'stop'; stop: Stop; waiting?: TurnCalls }

/** Turns until nothing is left to do. `resumed` are the calls of an earlier process that have been decided by now. */
export const runLoop = async (run: RunContext, resumed?: TurnCalls): Promise<Ending> => {
  let step: Step = { kind: 'again' }
  if (resumed !== undefined) {
    await resumed.answerAll()
    step = await afterCalls(run, resumed)
  }
  for (;;) {
    if (step.kind === 'again' || step.kind === 'limit') {
      const hit = limitOf(run, step)
      if (hit !== undefined) return atLimit(run, hit)
      const steered = takeSteered(run)
      append(run, steered)
      step = await finishTurn(run, await modelTurn(run, undefined, steered))
    } else if (step.kind === 'final') {
      const next = await conclude(run, step.text)
      if (next !== undefined) return next
      step = { kind: 'again' }
    } else {
      run.closed = true
      return {
        stop: step.stop,
        text: textOf(run),
        output: undefined,
        ...(step.waiting === undefined ? {} : { waiting: step.waiting }),
      }
    }
  }
}

/** The limit before the next turn. In a replay, the one that was there then: time, and branches that share a budget, may come to another. */
const limitOf = (run: RunContext, step: Step & { kind: 'again' | 'limit' }): LimitHit | undefined => {
  const recorded = run.journal?.recorded(turnKey(run.turn))
  if (recorded !== undefined) return (recorded.about as ModelAbout | undefined)?.limit
  const stop = (run.journal?.recorded('end')?.value as EndValue | undefined)?.stop
  if (stop?.reason === 'limit') return { limit: stop.limit, used: stop.used, max: stop.max }
  return step.kind === 'limit' ? step.hit : run.purse.beforeTurn()
}

/** The response is complete: its items join the history, its calls are answered in their order. */
const finishTurn = async (run: RunContext, turn: Turn): Promise<Step> => {
  const { response, calls } = turn
  joinHistory(run, turn)
  if (response.status === 'incomplete') {
    await calls.refuse('Not executed: the response ended early.')
    joinOutputs(run)
    ended(run, response)
    return {
      kind: 'stop',
      stop: { reason: 'incomplete', details: reasonOf(response) },
    }
  }
  if (calls.list.length === 0) {
    ended(run, response)
    return (await stopWhen(run)) ?? { kind: 'final', text: finalText(response) }
  }
  await calls.answerAll()
  ended(run, response)
  return afterCalls(run, calls)
}

/** Why a response ended early, in the server's word for it. */
const reasonOf = ({ incomplete_details: details }: Turn['response']): string =>
  typeof details?.reason === 'string' ? details.reason : 'unknown'

/** The model's items join the history; its calls are open from here on. */
const joinHistory = (run: RunContext, { response, calls }: Turn): void => {
  run.open = calls
  for (const item of calls.finalItems(response)) run.history.append(item as InputItem)
  if (run.server === undefined) return
  const { conversation } = run.server
  if (conversation === undefined) run.server.previousResponseId = response.id || undefined
  // A server that gives no id keeps nothing that could be named.
  if (conversation !== undefined || response.id) run.server.sentUpTo = run.history.items.length
}

/** Every call in the history has its output from here on. */
const joinOutputs = (run: RunContext): void => {
  run.open?.join()
  run.open = undefined
}

/** The calls have been answered, or wait for somebody outside. */
const afterCalls = async (run: RunContext, calls: TurnCalls): Promise<Step> => {
  const pending = calls.pending
  if (pending.length > 0) {
    // Stopped after they were told to wait: they get their outputs where the run ends.
    run.check()
    if (run.aborted !== undefined) throw run.aborted
    if (run.journal !== undefined && (await takeDecisions(run, run.journal, calls))) {
      await calls.answerAll()
      return afterCalls(run, calls)
    }
    calls.withdraw()
    return { kind: 'stop', stop: { reason: 'approval', pending: pendingOf(run, pending) }, waiting: calls }
  }
  joinOutputs(run)
  run.check()
  if (run.aborted !== undefined) throw run.aborted
  if (run.nextAgent !== undefined) {
    run.emit({ type: 'agent.changed', from: run.agent.name, to: run.nextAgent.name })
    run.agent = run.nextAgent
    run.calledBefore = run.calledTools.length
    run.nextAgent = undefined
    if (run.agent.builtIns !== undefined || run.agent.hostedBuiltIns !== undefined) await openTools(run)
  }
  if (run.limitHit !== undefined) return { kind: 'limit', hit: run.limitHit }
  return (await stopWhen(run)) ?? { kind: 'again' }
}

/** What came from outside since the last model call; in a replay, what had come then. */
const takeSteered = (run: RunContext): readonly InputItem[] => {
  const recorded = recordedSteering(run)
  // What a state brought along was used then.
  const taken = run.steering.splice(0, recorded === undefined ? run.steering.length : run.broughtAlong)
  run.broughtAlong = 0
  return recorded ?? taken
}

const isSteered = (run: RunContext): boolean => (recordedSteering(run) ?? run.steering).length > 0

const recordedSteering = (run: RunContext): readonly InputItem[] | undefined => {
  const record = run.journal?.recorded(turnKey(run.turn))
  return record === undefined ? undefined : ((record.about as ModelAbout | undefined)?.steered ?? [])
}

const stopWhen = async (run: RunContext): Promise<Step | undefined> => {
  for (const condition of run.agent.stopWhen)
    if (await callHook(run, 'stopWhen', () => condition(turnInfo(run))))
      return { kind: 'stop', stop: { reason: 'stop_when' } }
  return undefined
}

/** The model asks for nothing more. Undefined when there is more to do after all: something was steered in, or the answer needs repair. */
const conclude = async (run: RunContext, text: string): Promise<Ending | undefined> => {
  if (isSteered(run)) return undefined
  const { output, isCallersFormat } = run.rootAgent
  const parsed = await run.orAborted(parseOutput(output, text, isCallersFormat))
  // The schema may take its time.
  if (isSteered(run)) return undefined
  if (parsed.kind === 'mismatch') {
    const refusal = run.response === undefined ? undefined : refusalText(run.response)
    // Asked again, it would refuse again.
    if (refusal !== undefined && text === '') {
      if (!isCallersFormat) throw new OutputError(text, `the model refused: ${refusal}`)
      run.closed = true
      return { stop: { reason: 'done' }, text, output: undefined }
    }
    if (run.repairs++ > 0) throw new OutputError(text, parsed.issues)
    run.warn('output_repaired', `The answer did not match the output schema:\n${parsed.issues}`)
    append(run, [repairMessage(parsed.issues)])
    return undefined
  }
  if (run.followUps.length > 0) {
    run.steering.push(...run.followUps.splice(0))
    return undefined
  }
  run.closed = true
  warnOfTextCalls(run, text)
  return { stop: { reason: 'done' }, text, output: outputOf(parsed) }
}

/** A limit is reached: what happens next is `onLimit`. */
const atLimit = async (run: RunContext, hit: LimitHit): Promise<Ending> => {
  const { limit, used, max } = hit
  const steered = takeSteered(run)
  append(run, steered)
  run.closed = true
  run.emit({ type: 'limit.reached', limit, used, max })
  const { onLimit } = run.rootAgent
  if (onLimit === 'throw') throw new LimitError(limit, used, max)
  const stop: Stop = { reason: 'limit', limit, used, max }
  if (onLimit === 'stop') return { stop, text: textOf(run), output: undefined }
  const turn = await modelTurn(run, hit, steered)
  const { response, calls } = turn
  joinHistory(run, turn)
  await calls.refuse(`Not executed: limit ${limit} reached.`)
  joinOutputs(run)
  ended(run, response)
  const text = finalText(response)
  const { output, isCallersFormat } = run.rootAgent
  return { stop, text, output: outputOf(await parseOutput(output, text, isCallersFormat)) }
}

const outputOf = (parsed: Parsed): unknown => (parsed.kind === 'mismatch' ? undefined : parsed.value)

const ended = (run: RunContext, response: Turn['response']): void =>
  run.emit({ type: 'turn.ended', turn: run.turn - 1, response, usage: usageOf(response.usage) })

const append = (run: RunContext, items: readonly InputItem[]): void => {
  for (const item of items) run.history.append(item)
}

const textOf = (run: RunContext): string => (run.response === undefined ? '' : finalText(run.response))

/** A server without a tool parser hands the model's call syntax through as text. */
const warnOfTextCalls = (run: RunContext, text: string): void => {
  if (run.agent.tools.size > 0 && /^\s*(<tool_call>|<function=|\[TOOL_CALLS\])/.test(text))
    run.warn(
      'tool_call_as_text',
      'The model wrote a tool call as plain text. The server was started without a tool parser for this model: switch it on there (vLLM: --enable-auto-tool-choice --tool-call-parser …).',
    )
}
