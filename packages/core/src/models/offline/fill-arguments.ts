import type { Clause } from './clauses.ts'
import { coerce } from './coerce-value.ts'
import { conformValue, defaultValue } from './conform-value.ts'
import { bestText } from './fill-text.ts'
import { fitting, valuesIn } from './find-values.ts'
import { type JsonObject, keyword } from './json-schema.ts'
import { isCounter } from './parameter-role.ts'
import type { Parameter, Tool } from './read-tools.ts'

/** What can be known about the arguments of a call beside the clause. */
export interface Known {
  /** A value that an earlier output holds under this name. */
  readonly fromOutputs: (name: string) => unknown
  /** A value that the last call before this turn had for this parameter: `and the time?` keeps the city. */
  readonly fromEarlier: (name: string) => unknown
  /** The call must be made: fill what is missing with the emptiest valid value. */
  readonly force?: boolean
}

/** The arguments of one or more calls of a tool, and how well the clause provides them. */
export interface Filled {
  /** One entry a call: `Paris and Tokyo` gives two. Empty when something is missing. */
  readonly calls: readonly JsonObject[]
  /** Required parameters that nothing fills. */
  readonly missing: readonly Parameter[]
  /** Sum of how well the entities of the clause suit the parameters. */
  readonly fit: number
}

/** Fills the parameters of a tool from a clause: by type, name, description and the words beside each value. */
export const fillArguments = (tool: Tool, clause: Clause, known: Known): Filled => {
  const { values, used, fit } = valuesIn(tool.parameters, clause)
  for (const parameter of tool.parameters) {
    if (values.has(parameter)) continue
    const text = bestText(parameter, tool, clause, used)
    const value = text === undefined ? undefined : fitting(parameter, text)
    if (value !== undefined) values.set(parameter, [value])
  }
  const missing: Parameter[] = []
  for (const parameter of tool.parameters) {
    if (values.has(parameter) || !parameter.required) continue
    const value = lastResort(parameter, tool, clause, known)
    if (value === undefined) missing.push(parameter)
    else values.set(parameter, [value])
  }
  return { calls: missing.length > 0 ? [] : expand(tool, values), missing, fit }
}

const lastResort = (parameter: Parameter, tool: Tool, clause: Clause, known: Known): unknown => {
  const output = coerce(known.fromOutputs(parameter.name), parameter.shape)
  if (output !== undefined && output !== null) return output
  // A call with an effect is never completed by a guess.
  const earlier = tool.effect ? undefined : coerce(known.fromEarlier(parameter.name), parameter.shape)
  if (earlier !== undefined && earlier !== null) return earlier
  if ('default' in parameter.shape.schema || parameter.shape.nullable || known.force === true) {
    return conformValue(parameter.name, parameter.shape, () => undefined)
  }
  switch (parameter.role) {
    case 'boolean':
      return false
    case 'enum':
      return defaultValue(parameter.shape)
    case 'object':
      return conformValue(parameter.name, parameter.shape, (name) => known.fromOutputs(name))
    case 'folder':
      return coerce('.', parameter.shape)
    case 'glob':
      return coerce('**/*', parameter.shape)
    case 'number':
      return isCounter(parameter) ? (coerce(10, parameter.shape) ?? defaultValue(parameter.shape)) : undefined
    case 'prompt':
      return coerce(clause.text, parameter.shape)
    default:
      if (parameter.shape.type === 'any') return ''
      if (
        parameter.shape.type === 'array' &&
        (keyword(parameter.shape, 'minItems') ?? 0) === 0 &&
        tool.parameters.length > 1
      )
        return []
      return undefined
  }
}

/** One set of arguments for each element of the first list that goes into a parameter for a single value. */
const expand = (tool: Tool, values: ReadonlyMap<Parameter, readonly unknown[]>): JsonObject[] => {
  let calls: JsonObject[] = [{}]
  let expanded = false
  for (const parameter of tool.parameters) {
    const list = values.get(parameter)
    if (list === undefined) continue
    if (parameter.shape.type === 'array') {
      const value = list.length === 1 && Array.isArray(list[0]) ? list[0] : list
      const whole = conformValue(parameter.name, parameter.shape, () => value)
      calls = calls.map((call) => ({ ...call, [parameter.name]: whole }))
    } else if (list.length > 1 && !expanded) {
      expanded = true
      calls = list.flatMap((value) => calls.map((call) => ({ ...call, [parameter.name]: value })))
    } else calls = calls.map((call) => ({ ...call, [parameter.name]: list[0] }))
  }
  return calls
}
