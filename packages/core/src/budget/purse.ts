import { ConfigError } from '../errors.ts'
import { DEFAULT_TURNS, type LimitName, type Limits } from './limits.ts'
import type { Usage } from './usage.ts'

/** A limit that leaves nothing for the next spend. */
export interface LimitHit {
  limit: LimitName
  used: number
  max: number
}

/** What a purse has paid so far; JSON-safe, part of a run's state. */
export interface Spent {
  turns: number
  toolCalls: number
  tools: Record<string, number>
  totalTokens: number
  costUsd: number
  durationMs: number
}

/**
 * The budget of a run. Every spend is asked for first and booked at once, so that parallel spenders cannot overdraw it.
 * A sub-agent's purse lies inside its parent's: a spend must fit in both, and is booked in both.
 */
export class Purse {
  readonly limits: Limits
  readonly spent: Spent
  readonly #parent: Purse | undefined
  readonly #startedAt: number
  /** A limit of one tool is somewhere: here, or in a purse around this one. */
  readonly #countsTools: boolean

  constructor(limits: Limits, parent?: Purse, spent?: Spent) {
    for (const [name, value] of Object.entries(limits)) {
      if (name === 'tools' || value === undefined) continue
      if (typeof value !== 'number' || !(value >= 0))
        throw new ConfigError(
          'invalid_config',
          `Expected \`limits.${name}\` to be a number of at least 0, got \`${value}\`.`,
        )
    }
    this.limits = limits
    this.#parent = parent
    this.#countsTools = limits.tools !== undefined || (parent === undefined ? false : parent.#countsTools)
    // A copy: a state may be resumed more than once.
    this.spent =
      spent === undefined
        ? { turns: 0, toolCalls: 0, tools: byName(), totalTokens: 0, costUsd: 0, durationMs: 0 }
        : { ...spent, tools: byName(spent.tools) }
    this.#startedAt = performance.now() - this.spent.durationMs
  }

  /** May another model call be made? Books nothing: `bookTurn` does. */
  beforeTurn(): LimitHit | undefined {
    const { limits, spent } = this
    const turns = limits.turns ?? (this.#parent === undefined ? DEFAULT_TURNS : undefined)
    return (
      hit('turns', spent.turns, turns) ??
      this.#tokensAndCost() ??
      hit('durationMs', this.durationMs(), limits.durationMs) ??
      this.#parent?.beforeTurn()
    )
  }

  /** May `name` be called once more? Books the call when it may. */
  takeCall(name: string): LimitHit | undefined {
    const found = this.#callHit(name)
    if (found === undefined) this.bookCall(name)
    return found
  }

  #callHit(name: string): LimitHit | undefined {
    const { limits, spent } = this
    return (
      hit('toolCalls', spent.toolCalls, limits.toolCalls) ??
      hit(`tools.${name}`, spent.tools[name] ?? 0, ownLimit(limits.tools, name)) ??
      hit('durationMs', this.durationMs(), limits.durationMs) ??
      (this.#parent === undefined ? undefined : this.#parent.#callHit(name))
    )
  }

  #tokensAndCost(): LimitHit | undefined {
    return (
      hit('totalTokens', this.spent.totalTokens, this.limits.totalTokens) ??
      hit('costUsd', this.spent.costUsd, this.limits.costUsd)
    )
  }

  bookTurn(): void {
    this.spent.turns++
    this.#parent?.bookTurn()
  }

  /** Books a call that was made without asking: a hosted tool's, inside the response. */
  bookCall(name: string): void {
    this.spent.toolCalls++
    if (this.#countsTools) this.spent.tools[name] = (this.spent.tools[name] ?? 0) + 1
    this.#parent?.bookCall(name)
  }

  /** Books what a sub-agent has spent in an earlier process. */
  bookSpent(spent: Spent): void {
    this.spent.turns += spent.turns
    this.spent.toolCalls += spent.toolCalls
    this.spent.totalTokens += spent.totalTokens
    this.spent.costUsd += spent.costUsd
    for (const [name, count] of Object.entries(spent.tools))
      if (this.#countsTools) this.spent.tools[name] = (this.spent.tools[name] ?? 0) + count
    this.#parent?.bookSpent(spent)
  }

  bookUsage(usage: Usage, costUsd: number | undefined): void {
    this.spent.totalTokens += usage.totalTokens
    this.spent.costUsd += costUsd ?? 0
    this.#parent?.bookUsage(usage, costUsd)
  }

  /** Calls that are left, over this purse and those around it; undefined when nothing bounds them. */
  callsLeft(): number | undefined {
    const { toolCalls } = this.limits
    return least(
      toolCalls === undefined ? undefined : Math.max(0, toolCalls - this.spent.toolCalls),
      this.#parent?.callsLeft(),
    )
  }

  /** Calls that are left for one name, by its own limit and by that of all; undefined when nothing bounds them. */
  callsLeftFor(name: string): number | undefined {
    const max = ownLimit(this.limits.tools, name)
    const all = this.limits.toolCalls
    return least(
      all === undefined ? undefined : Math.max(0, all - this.spent.toolCalls),
      max === undefined ? undefined : Math.max(0, max - (this.spent.tools[name] ?? 0)),
      this.#parent?.callsLeftFor(name),
    )
  }

  /** Milliseconds since the run started, over all its processes. */
  durationMs(): number {
    return performance.now() - this.#startedAt
  }

  /** Milliseconds until the first deadline, or undefined. */
  remainingMs(): number | undefined {
    const { durationMs } = this.limits
    return least(
      durationMs === undefined ? undefined : durationMs - this.durationMs(),
      this.#parent?.remainingMs(),
    )
  }

  /** The deadline that has passed, if one has. */
  durationHit(): LimitHit | undefined {
    return hit('durationMs', this.durationMs(), this.limits.durationMs) ?? this.#parent?.durationHit()
  }

  /** A copy for the run's state. */
  toJSON(): Spent {
    return { ...this.spent, tools: { ...this.spent.tools }, durationMs: Math.round(this.durationMs()) }
  }
}

/** The smallest of the bounds that there are. */
const least = (...bounds: readonly (number | undefined)[]): number | undefined => {
  let found: number | undefined
  for (const bound of bounds) if (bound !== undefined && (found === undefined || bound < found)) found = bound
  return found
}

/** Models choose the names: none may find what an object inherits. */
const byName = (counts: Readonly<Record<string, number>> = {}): Record<string, number> =>
  Object.assign(Object.create(null) as Record<string, number>, counts)

const ownLimit = (limits: Limits['tools'], name: string): number | undefined =>
  limits !== undefined && Object.hasOwn(limits, name) ? limits[name] : undefined

const hit = (limit: LimitName, used: number, max: number | undefined): LimitHit | undefined =>
  max !== undefined && used >= max ? { limit, used: Math.round(used * 1e6) / 1e6, max } : undefined
