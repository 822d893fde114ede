import type { CustomToolCall, FunctionCall, OutputItem, Response } from '@antiphon/client'
import type { PendingCall } from '../approval.ts'
import { type Call, clearTimer, createCall, outputItem, type Plan } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import { withRequestIds } from '../history/own-ids.ts'
import { pairingOf } from '../history/pairing.ts'
import type { Tool } from '../tools/tool.ts'
import { CallIds } from './call-ids.ts'
import { clientCall } from './client-calls.ts'
import { settle } from './finish.ts'
import { isHostedCall } from './hosted-calls.ts'
import { pendingOf } from './pending.ts'
import { book, prepare } from './prepare.ts'
import { answerCall, checkRun, mayStartEarly, recordedAnswer, startCall } from './record-call.ts'
import { isOutput, pairServerOutputs } from './server-outputs.ts'
import { failRun } from './stopping.ts'
import { executeWrapper } from './wrapper.ts'

/** The calls of one response. Accepts them as they are sealed in the stream, and answers every one exactly once. */
export class TurnCalls {
  readonly list: Call[] = []
  #ids: CallIds | undefined
  /** The server has answered calls of its own. */
  #hasOutputs = false
  readonly #run: RunContext
  readonly #turn: number

  constructor(run: RunContext, turn: number) {
    this.#run = run
    this.#turn = turn
  }

  get turn(): number {
    return this.#turn
  }

  /** Positions of the output, in the order in which they were sealed; for the log. */
  readonly sealed: number[] = []

  /** Takes an item that the stream has sealed. A call of a harmless tool starts at once. */
  onSealed(item: OutputItem, outputIndex: number): void {
    if (this.#run.journal !== undefined) this.sealed.push(outputIndex)
    const { type } = item as { type: string }
    if (type === 'function_call' || type === 'custom_tool_call')
      this.#acceptCall(item as FunctionCall | CustomToolCall, outputIndex)
    else if (isHostedCall(item)) {
      this.#run.calledTools.push(type)
      this.#run.toolItems.push(item)
      this.#run.purse.bookCall(type)
      this.#run.agent.gate?.onHostedCall?.(type)
    } else {
      const pending = clientCall(item)
      if (pending !== undefined) this.#acceptClientCall(item, pending, outputIndex)
      else this.#hasOutputs ||= isOutput(item)
    }
  }

  /** What stands for the item in the history. */
  #acceptClientCall(item: OutputItem, announced: PendingCall, outputIndex: number): OutputItem | undefined {
    this.#ids ??= new CallIds(this.#run, this.#turn)
    const kept = this.#ids.takeClientCall(item, announced, outputIndex)
    const pending = kept === undefined || kept === item ? announced : clientCall(kept)
    if (kept === undefined || pending === undefined) return kept
    const { callId, name, arguments: args, itemType, kind } = pending
    const call = createCall(
      { type: 'function_call', call_id: callId, name, arguments: args },
      this.#turn,
      itemType,
    )
    // A request for approval is no call yet: the provider makes it later, and it counts then.
    const over = kind === 'output' ? book(this.#run, call) : undefined
    call.plan = over ?? { kind: 'pending', pending }
    this.list.push(call)
    return kept
  }

  #acceptCall(sealed: FunctionCall | CustomToolCall, outputIndex: number): void {
    const run = this.#run
    this.#ids ??= new CallIds(run, this.#turn)
    const item = this.#ids.take(sealed, outputIndex)
    if (item === undefined) return
    const call = createCall(item, this.#turn)
    this.list.push(call)
    run.emit({ type: 'tool.queued', callId: call.callId, name: call.name, arguments: call.arguments })
    if ((item as { status?: string }).status === 'incomplete') call.plan = HALF
    else this.#plan(call)
  }

  #plan(call: Call): void {
    const take = (plan: Plan): void => {
      call.plan = plan
      this.#start(call, true)
    }
    const failed = (error: unknown): void => {
      settle(this.#run, call, { outcome: 'error', text: 'Error: the call could not be prepared.' })
      failRun(this.#run, error)
    }
    try {
      const plan = prepare(this.#run, call)
      if (plan instanceof Promise) call.planning = plan.then(take).catch(failed)
      else take(plan)
    } catch (error) {
      failed(error)
    }
  }

  /** Starts a call as far as its plan allows now; `early` while the response is still coming. */
  #start(call: Call, early: boolean): void {
    const { plan } = call
    if (call.result !== undefined) return
    const run = this.#run
    if (call.done !== undefined) return
    // What a limit or a deadline did to it is not found out anew.
    const recorded = recordedAnswer(run, call)
    if (recorded !== undefined) return answerCall(run, call, UNHEARD)
    if (plan !== undefined && plan.kind !== 'execute' && plan.kind !== 'pending') checkRun(run, call)
    const { stopped } = run
    if (stopped !== undefined && (plan === undefined || plan.kind !== 'answer'))
      return answerCall(run, call, stopped)
    if (plan === undefined) return
    switch (plan.kind) {
      case 'answer':
        return plan.outcome === 'limit' ? answerCall(run, call, plan) : settle(run, call, plan)
      case 'execute':
        if (!early || mayStartEarly(run, plan.tool)) startCall(run, call, plan.tool, plan.input)
        return
      case 'handoff':
        if (!early) this.#handOff(call, plan.tool)
        return
      case 'wrapper':
        if (!early) executeWrapper(run, call, plan.inner)
        return
      // Told in `answerAll`: until the others are answered, the run may still be stopped.
      case 'pending':
    }
  }

  #handOff(call: Call, tool: Tool): void {
    const run = this.#run
    if (run.nextAgent !== undefined)
      return settle(run, call, {
        outcome: 'not_executed',
        text: 'Not executed: the conversation was already handed to another agent.',
      })
    run.nextAgent = run.agent.handoffs.get(tool.name)
    settle(run, call, { outcome: 'ok', value: `Transferred to ${tool.handoffTo}.` })
  }

  /** Starts what has not been started and waits until every call has its result, or waits for somebody outside. */
  async answerAll(): Promise<void> {
    for (const call of this.list) if (call.planning !== undefined) await this.#run.orStopped(call.planning)
    for (const call of this.list) this.#start(call, false)
    await this.#allDone()
    const { stopped } = this.#run
    if (stopped !== undefined) {
      // What waited for somebody outside when the run was stopped is not awaited any more.
      for (const call of this.pending) answerCall(this.#run, call, stopped)
      await this.#allDone()
    }
    for (const call of pendingOf(this.#run, this.pending)) this.#run.emit({ type: 'tool.pending', call })
  }

  /** Waits for the calls that were started; in a kept run, until they are recorded. */
  async #allDone(): Promise<void> {
    const { journal } = this.#run
    if (journal === undefined) {
      for (const call of this.list) if (call.result === undefined && call.done !== undefined) await call.done
    } else await journal.all(this.list.flatMap(({ done }) => (done === undefined ? [] : [done])))
  }

  /**
   * The items of the response as the history takes them: as they came, but for calls that share an id. A call that was never sealed, because the response ended inside
   * it, is not executed: its arguments may be half of what was meant. It gets its answer all the same.
   */
  finalItems({ output, status }: Response): readonly OutputItem[] {
    const sealed = status === 'completed'
    if (sealed && !this.#ids?.changed && !this.#hasOutputs) return output
    const items = output.flatMap((item, position) => {
      const { type } = item as { type: string }
      if (type === 'function_call' || type === 'custom_tool_call')
        return this.#finalCall(item as FunctionCall | CustomToolCall, position)
      const pending = clientCall(item)
      return pending === undefined ? [item] : this.#finalClientCall(item, pending, position)
    })
    const paired =
      this.#hasOutputs || (!sealed && output.some(isOutput))
        ? pairServerOutputs(this.#run, items, this.list)
        : items
    return withRequestIds(paired)
  }

  #finalClientCall(item: OutputItem, pending: PendingCall, position: number): OutputItem[] {
    const fate = this.#ids?.final(item, position) ?? 'unsealed'
    const kept = fate === 'unsealed' ? this.#acceptClientCall(item, pending, position) : fate.kept
    const half = this.list.at(-1)
    if (fate === 'unsealed' && kept !== undefined && half !== undefined) half.plan = HALF
    return kept === undefined ? [] : [kept]
  }

  #finalCall(item: FunctionCall | CustomToolCall, position: number): OutputItem[] {
    this.#ids ??= new CallIds(this.#run, this.#turn)
    const fate = this.#ids.final(item, position)
    const kept = fate === 'unsealed' ? this.#ids.take(item, position) : fate.kept
    if (fate === 'unsealed' && kept !== undefined) {
      const half = createCall(kept as FunctionCall | CustomToolCall, this.#turn)
      half.plan = HALF
      this.list.push(half)
    }
    return kept === undefined ? [] : [kept]
  }

  /** Answers every call that has not been started with `text`, and waits for those that have. */
  async refuse(text: string): Promise<void> {
    for (const call of this.list) {
      if (call.done !== undefined || call.result !== undefined) continue
      // How far the planning has come is a matter of time.
      const answer = call.planning === undefined ? settle : answerCall
      answer(this.#run, call, { outcome: 'not_executed', text })
    }
    await this.answerAll()
  }

  /** Calls that wait for somebody outside. */
  get pending(): Call[] {
    return this.list.filter((call) => call.result === undefined)
  }

  /** Adds the outputs to the history, in the order of the calls. Where the run has failed, `missing` stands for those that are lacking. */
  join(missing?: string): void {
    if (missing !== undefined)
      for (const call of this.list) call.result ??= { outcome: 'aborted', output: outputItem(call, missing) }
    this.withdraw()
    for (const { result } of this.list)
      if (result?.output !== undefined) this.#run.history.append(result.output)
  }

  /** Takes the calls out of the history for which the wire has no output that says why there is none. */
  withdraw(): void {
    for (const call of this.list)
      if (call.result !== undefined && call.result.output === undefined) this.#withdraw(call)
  }

  #withdraw(call: Call): void {
    const { items } = this.#run.history
    const at = items.findLastIndex((item) => {
      const pairing = pairingOf(item)
      return pairing?.role === 'call' && pairing.family === call.itemType && pairing.id === call.callId
    })
    if (at === -1) return
    this.#run.history.replaceFrom(at, items.slice(at + 1))
    const { server } = this.#run
    if (server !== undefined && at < server.sentUpTo) server.sentUpTo--
  }

  /** The response failed: what was started early is void. Nothing of it reaches the history. */
  discard(reason: Error): void {
    for (const call of this.list) {
      const ended = call.result !== undefined
      call.result ??= { outcome: 'aborted', output: outputItem(call, 'The response failed.') }
      this.#run.active.delete(call)
      clearTimer(call)
      call.context?.abort(reason)
      if (!ended || call.startedAt !== 0)
        this.#run.emit({ type: 'tool.discarded', callId: call.callId, name: call.name })
      call.finish?.()
    }
  }
}

/** The answer is the recorded one, and this is not told to anybody. */
const UNHEARD: Plan & { kind: 'answer' } = { kind: 'answer', outcome: 'not_executed', text: '' }

/** Some servers seal a call that was cut off, and say so in its status. */
const HALF: Plan = {
  kind: 'answer',
  outcome: 'not_executed',
  text: 'Not executed: the response ended inside this call.',
}
