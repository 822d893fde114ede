import { bestTool, chooseTools, type Pick } from './choose-tools.ts'
import { type Clause, splitClauses } from './clauses.ts'
import { coerce } from './coerce-value.ts'
import type { Known } from './fill-arguments.ts'
import { isObject, type JsonObject } from './json-schema.ts'
import { fieldOf } from './json-values.ts'
import type { MadeCall, Turn } from './read-conversation.ts'
import { readOutput } from './read-output.ts'
import type { Choice, Parameter, Tool } from './read-tools.ts'

/** A call that the question asks for. */
export interface PlannedCall {
  readonly tool: Tool
  readonly args: JsonObject
  /** Index of the clause that asks for it. */
  readonly clause: number
}

/** What the question asks for, and the calls that would answer it. The same question always gives the same plan. */
export interface Plan {
  readonly clauses: readonly Clause[]
  readonly calls: readonly PlannedCall[]
  /** Tools that suit but lack a required argument. */
  readonly lacking: ReadonlyArray<{
    readonly tool: Tool
    readonly parameters: readonly Parameter[]
    readonly clause: number
  }>
}

/** At most this many calls are planned for one question. */
const MAX_CALLS = 32

/** Two calls are the same when this is: tool and arguments, whatever the order of the keys. */
export const callKey = (name: string, args: JsonObject): string => `${name} ${stable(args)}`

const stable = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(stable).join(',')}]`
    : isObject(value)
      ? `{${Object.keys(value)
          .sort()
          .map((key) => `${JSON.stringify(key)}:${stable(value[key])}`)
          .join(',')}}`
      : JSON.stringify(value)

/** Reads the question and finds the calls for each of its clauses. */
export const planCalls = (turn: Turn, choice: Choice): Plan => {
  const clauses = splitClauses(turn.question)
  const known: Known = {
    fromOutputs: fieldsOf(turn.calls),
    fromEarlier: (name) => fieldOf(turn.earlier?.args ?? {}, name),
  }
  // One hand-off a turn: two agents that suit the question would pass it to and fro.
  const handedOff = turn.calls.some((call) => call.name.startsWith('transfer_to_'))
  const tools = choice.tools.filter((tool) => !(tool.handoff && handedOff))
  const calls: PlannedCall[] = []
  const lacking: Array<Plan['lacking'][number]> = []
  let earlier = turn.earlier?.name
  clauses.forEach((clause, index) => {
    for (const { tool, filled } of chooseTools(clause, tools, known, earlier)) {
      earlier = tool.name
      if (filled.missing.length > 0) lacking.push({ tool, parameters: filled.missing, clause: index })
      for (const args of filled.calls) calls.push({ tool, args, clause: index })
    }
  })
  if (calls.length === 0 && choice.required) {
    const forced = forcedPick(turn, clauses, tools)
    for (const args of forced?.filled.calls ?? []) calls.push({ tool: forced!.tool, args, clause: 0 })
  }
  return { clauses, calls: withWholeQuestion(distinct(calls).slice(0, MAX_CALLS), turn.question), lacking }
}

const forcedPick = (turn: Turn, clauses: readonly Clause[], tools: readonly Tool[]): Pick | undefined => {
  const clause: Clause = clauses[0] ?? {
    text: turn.question,
    entities: [],
    stems: [],
    asks: 'other',
    forbidden: [],
  }
  return bestTool(clause, tools, { fromOutputs: () => undefined, fromEarlier: () => undefined, force: true })
}

const distinct = (calls: readonly PlannedCall[]): PlannedCall[] => {
  const seen = new Set<string>()
  return calls.filter((call) => {
    const key = callKey(call.tool.name, call.args)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** A sub-agent that is the only one to be asked gets the whole question, not the clause that named it. */
const withWholeQuestion = (calls: PlannedCall[], question: string): PlannedCall[] => {
  const only = calls[0]
  const prompt = only?.tool.parameters.find(
    (one) => one.role === 'prompt' && typeof only.args[one.name] === 'string',
  )
  if (calls.length !== 1 || only === undefined || prompt === undefined) return calls
  const whole = coerce(question.trim(), prompt.shape)
  return whole === undefined ? calls : [{ ...only, args: { ...only.args, [prompt.name]: whole } }]
}

/** Looks a name up in what earlier calls gave back: the `order_id` that a search found. */
const fieldsOf = (calls: readonly MadeCall[]): Known['fromOutputs'] => {
  let fields: Map<string, unknown> | undefined
  return (name) => {
    if (fields === undefined) {
      fields = new Map()
      for (const call of calls) {
        const outcome = readOutput(call.output)
        if (outcome.kind === 'value') collect(outcome.value, fields, 0)
      }
    }
    return fields.get(plain(name))
  }
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

const collect = (value: unknown, fields: Map<string, unknown>, depth: number): void => {
  if (depth > 4) return
  if (Array.isArray(value)) {
    for (const element of value.slice(0, 8)) collect(element, fields, depth + 1)
  } else if (isObject(value)) {
    for (const [name, field] of Object.entries(value)) {
      if (!fields.has(plain(name))) fields.set(plain(name), field)
      collect(field, fields, depth + 1)
    }
  }
}
