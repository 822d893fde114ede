import type { CallGate, GatedCall } from 'antiphon'

/** What a request bounds. */
export interface Bounds {
  /** Calls of the agent's own tools in the whole response. */
  readonly maxToolCalls?: number
  /** One call per answer of the model. */
  readonly oneAtATime: boolean
  /** The only names that may be called. */
  readonly allowed?: ReadonlySet<string>
}

/** Who wants to know what becomes of a call. */
export interface GateListener {
  onAdmitted(call: GatedCall): void
  onRefused(callId: string): void
}

/** Holds the calls of one response to what its request allows. The model is told why a call was not run, and goes on. */
export class CallerBounds implements CallGate {
  readonly #bounds: Bounds
  readonly #listener: GateListener
  #used: number
  #turn = -1
  #inTurn = 0

  /** `used` calls have been taken already: those that were approved. */
  constructor(bounds: Bounds, listener: GateListener, used: number) {
    this.#bounds = bounds
    this.#listener = listener
    this.#used = used
  }

  admit(call: GatedCall): string | undefined {
    if (call.turn !== this.#turn) {
      this.#turn = call.turn
      this.#inTurn = 0
    }
    const refused = this.#refusal(call)
    if (refused === undefined) {
      this.#inTurn++
      if (isCounted(call)) this.#used++
      this.#listener.onAdmitted(call)
    } else this.#listener.onRefused(call.callId)
    return refused
  }

  onHostedCall(): void {
    this.#used++
  }

  hostedCallsLeft(): number | undefined {
    const { maxToolCalls } = this.#bounds
    return maxToolCalls === undefined ? undefined : Math.max(0, maxToolCalls - this.#used)
  }

  #refusal(call: GatedCall): string | undefined {
    const { allowed, oneAtATime, maxToolCalls } = this.#bounds
    if (allowed !== undefined && !allowed.has(call.name))
      return `Not executed: ${call.name} may not be called. ${
        allowed.size === 0
          ? 'No tool may: answer with what you have.'
          : `Allowed: ${[...allowed].join(', ')}.`
      }`
    if (oneAtATime && this.#inTurn > 0)
      return 'Not executed: only one call per answer is allowed. Call it again, alone.'
    if (maxToolCalls !== undefined && this.#used >= maxToolCalls && isCounted(call))
      return `Not executed: ${maxToolCalls} tool ${maxToolCalls === 1 ? 'call was' : 'calls were'} allowed, and no more. Answer with what you have.`
    return undefined
  }
}

/** A call that this side runs. */
const isCounted = ({ tool }: GatedCall): boolean =>
  tool?.execute !== undefined || tool?.handoffTo !== undefined
