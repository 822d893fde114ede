import type {
  AntiphonError,
  InputItem,
  OutputItem,
  Response,
  ResponseRequest,
  ResponseUsage,
} from '@antiphon/client'
import type { PendingCall } from '../approval.ts'
import { costOf, priceOf } from '../budget/prices.ts'
import type { LimitHit, Purse } from '../budget/purse.ts'
import { addUsage, noUsage, type Usage, usageOf } from '../budget/usage.ts'
import type { BuiltInSet } from '../built-in/open-built-ins.ts'
import type { RunEvent } from '../events/events.ts'
import type { FanOut } from '../events/fan-out.ts'
import type { WarningCode, WarningEvent } from '../events/warning.ts'
import { EncodedLists } from '../history/encoded-lists.ts'
import type { History } from '../history/history.ts'
import type { Journal } from '../journal/journal.ts'
import { RequestRecorder } from '../journal/request-delta.ts'
import type { EncodedInput, ModelContext } from '../model.ts'
import type { ToolQueue } from '../tools/run-queue.ts'
import { createLine, type ToolSlots } from '../tools/tool-slots.ts'
import type { AgentSpec } from './agent-spec.ts'
import type { Call } from './call.ts'
import type { RunOptions } from './run-options.ts'
import type { ToolSuspended } from './suspended.ts'

/** What the server remembers for the run, in the modes that use it. */
export interface ServerState {
  previousResponseId: string | undefined
  /** The conversation that the run adds to, in the place of a previous response. */
  conversation?: ResponseRequest['conversation']
  /** The run went on from a response of the caller's: the local history is not the whole, and cannot stand in for it. */
  continued?: boolean
  /** Items before this index need not be sent again. */
  sentUpTo: number
}

/** Calls whose items are in the history already, and whose outputs are not. */
export interface OpenCalls {
  /** Adds the outputs; `missing` stands for those that are lacking. */
  join(missing?: string): void
}

/** Everything that belongs to one run while it is on its way. Internal; `Run` is its door. */
export class RunContext implements ModelContext {
  readonly runId: string
  readonly options: RunOptions
  /** The agent that speaks now; hand-offs change it. */
  agent: AgentSpec
  /** The agent that was run: its output schema and limits hold for the whole run. */
  rootAgent: AgentSpec
  readonly history: History
  readonly purse: Purse
  readonly #makeQueue: () => ToolQueue
  #queue: ToolQueue | undefined
  #line: ToolSlots | undefined
  #lists: EncodedLists | undefined
  readonly fanOut: FanOut
  /** Items of the run's session, which stand first in the history. */
  before = 0
  /** Index in the history where the run's own items begin. */
  start = 0
  turn = 0
  readonly usage: Usage = noUsage()
  costUsd: number | undefined = 0
  readonly calledTools: string[] = []
  /** Calls of built-in tools as the wire shows them, whoever executed them. */
  readonly toolItems: OutputItem[] = []
  /** Built-in tools that are open, by the agent that has them. */
  builtIns: Map<AgentSpec, { readonly agent: AgentSpec; readonly set: BuiltInSet }> | undefined
  /** How many of them other agents called, before the hand-off to this one. */
  calledBefore = 0
  readonly warnings: WarningEvent[] = []
  response: Response | undefined
  partial: Response | undefined
  /** The model that was asked last, where a middleware chose among several. */
  answerer: string | undefined
  server: ServerState | undefined
  /** Calls that have been started and not settled. */
  readonly active = new Set<Call>()
  /** Calls that wait inside sub-agents, by the call that runs the sub-agent. */
  readonly suspended = new Map<Call, ToolSuspended>()
  /** The first limit that a call or a deadline ran into. */
  limitHit: LimitHit | undefined
  /** Set in the last turn: no further call is executed. */
  answerOnly: LimitHit | undefined
  open: OpenCalls | undefined
  nextAgent: AgentSpec | undefined
  /** Tools not declared in this turn. */
  hiddenTools: ReadonlySet<string> | undefined
  steering: InputItem[] = []
  /** How many of them, from the first on, came with the state that the run goes on from. */
  broughtAlong = 0
  followUps: InputItem[] = []
  repairs = 0
  failure: { error: unknown } | undefined
  aborted: AntiphonError | undefined
  /** Where the run's steps are recorded, when it is kept. */
  journal: Journal | undefined
  #requests: RequestRecorder | undefined
  /** Settles when the response of this turn is recorded: nothing that came of it is, before. */
  turnRecorded: Promise<void> | undefined
  /** Set by an abort or a deadline: calls that have not started are answered with it. */
  stopped: { outcome: 'aborted' | 'limit'; text: string } | undefined
  /** What is steered in from here on would not be used. */
  closed = false
  ended = false
  /** The event on its way was told, and written, by an earlier process. */
  isToldAgain = false
  /** What takes the events of the model call on its way, or of the last one. */
  sink: object | undefined
  #cancelModel: ((reason: Error) => void) | undefined
  #controller: AbortController | undefined
  #onAborted: ((reason: Error) => void) | undefined
  #onStopped: (() => void) | undefined

  constructor(facts: {
    runId: string
    options: RunOptions
    agent: AgentSpec
    rootAgent?: AgentSpec
    history: History
    purse: Purse
    queue: () => ToolQueue
    fanOut: FanOut
  }) {
    this.runId = facts.runId
    this.options = facts.options
    this.agent = facts.agent
    this.rootAgent = facts.rootAgent ?? facts.agent
    this.history = facts.history
    this.purse = facts.purse
    this.#makeQueue = facts.queue
    this.fanOut = facts.fanOut
  }

  /** Made with the first call: a run without tools needs none. */
  get queue(): ToolQueue {
    this.#queue ??= this.#makeQueue()
    return this.#queue
  }

  /** Where the calls of an agent wait that executes one at a time. */
  get line(): ToolSlots {
    this.#line ??= createLine()
    return this.#line
  }

  /** Tells the requests of the run as differences, for its log. */
  get requests(): RequestRecorder {
    this.#requests ??= new RequestRecorder(this.history.items)
    return this.#requests
  }

  get input(): EncodedInput {
    return this.history
  }

  encode(items: readonly unknown[]): EncodedInput {
    this.#lists ??= new EncodedLists(this.history.encoding)
    return this.#lists.of(items as readonly InputItem[])
  }

  onAbort(cancel: (reason: Error) => void): void {
    this.#cancelModel = cancel
    if (this.aborted !== undefined) cancel(this.aborted)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.aborted !== undefined) this.#controller.abort(this.aborted)
    }
    return this.#controller.signal
  }

  /** The model call is over: its cancel function must not be called any more. */
  modelEnded(): void {
    this.#cancelModel = undefined
  }

  /** What is replayed from a log was told when it happened. */
  emit(event: RunEvent): void {
    if (this.journal === undefined || !this.journal.replaying) this.fanOut.emit(event)
    else this.tellAgain(event)
  }

  /** Tells what was told when it happened, where that is asked for. */
  tellAgain(event: RunEvent): void {
    if (this.options.tellAgain !== true) return
    this.isToldAgain = true
    this.fanOut.emit(event)
    this.isToldAgain = false
  }

  warn(code: WarningCode, message: string): void {
    const event: WarningEvent = { type: 'warning', code, message }
    this.warnings.push(event)
    // A listener of the last event may fail, too; nothing comes after that event.
    if (!this.ended) this.emit(event)
  }

  answeredBy(modelName: string | undefined): void {
    this.answerer = modelName
  }

  /** Counts one model call: usage, cost, purse. The first of the names that has a price sets the cost. */
  bookUsage(
    wire: ResponseUsage | null | undefined,
    modelName: string | undefined,
    otherName?: string | undefined,
  ): void {
    const usage = usageOf(wire)
    addUsage(this.usage, usage)
    const { prices } = this.agent
    const cost = costOf(usage, priceOf(modelName, prices) ?? priceOf(otherName, prices))
    if (cost === undefined && this.costUsd !== undefined && this.purse.limits.costUsd !== undefined)
      this.warn(
        'unknown_price',
        `No price is known for "${modelName ?? otherName}": limits.costUsd cannot be kept. Give \`prices\`.`,
      )
    this.costUsd = cost === undefined || this.costUsd === undefined ? undefined : this.costUsd + cost
    this.purse.bookUsage(usage, cost)
  }

  /** Stops the model call and wakes whoever waits for the run. */
  stopModel(reason: AntiphonError): void {
    this.#cancelModel?.(reason)
    this.#controller?.abort(reason)
    this.#onAborted?.(reason)
  }

  /** Throws what a hook threw meanwhile. */
  check(): void {
    if (this.failure !== undefined) throw this.failure.error
  }

  /** Wakes who waits with `orStopped`. */
  wake(): void {
    this.#onStopped?.()
  }

  /** The result of `promise`; rejects as soon as the run is aborted, so that a hook or a model that hangs cannot hold it up. */
  orAborted<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#onAborted = reject
      promise.then(resolve, reject)
      if (this.aborted !== undefined) reject(this.aborted)
    })
  }

  /** Waits for `promise`, but no longer than until the run is stopped. */
  orStopped(promise: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onStopped = resolve
      promise.then(resolve, reject)
      if (this.stopped !== undefined) resolve()
    })
  }
}

/** A sub-agent's pending call as its parent shows it. */
export const nest = (pending: PendingCall, call: Call): PendingCall => ({
  ...pending,
  path: [call.callId, ...(pending.path ?? [])],
})
