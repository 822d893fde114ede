import { type Clause, readClause } from './clauses.ts'
import { conformValue, type Offer } from './conform-value.ts'
import { countEntries } from './count-entries.ts'
import { valuesIn } from './find-values.ts'
import { elementOf, isObject, type JsonObject, type Shape, shapeOf } from './json-schema.ts'
import { argumentFrom, entityFit } from './match-entity.ts'
import type { Plan } from './plan-calls.ts'
import type { Turn } from './read-conversation.ts'
import { listIn, type Outcome, readOutput } from './read-output.ts'
import { type Parameter, parametersOf } from './read-tools.ts'
import { nameWords, stem } from './words.ts'

/**
 * An answer as JSON that is valid for the schema: each property from the outputs by its name, else from the question by
 * name and type, else the answer's text for a free text, else the emptiest valid value.
 */
export const conformOutput = (schema: JsonObject, plan: Plan, turn: Turn, answer: string): string => {
  const shape = shapeOf(schema, schema)
  const outcomes = turn.calls
    .filter((call) => !call.name.startsWith('transfer_to_'))
    .map((call) => readOutput(call.output))
  const whole = outcomes.flatMap((outcome) => (outcome.kind === 'value' ? [outcome.value] : []))
  const fromText = textOffer(shape, turn.question)
  const texts = scalarsOf(shape, 0).filter(
    (one) => one.shape.type === 'string' && one.shape.values === undefined,
  )
  const only = texts.length === 1 ? texts[0]?.name : undefined
  const offer: Offer = (name, wanted) =>
    fromOutputs(name, wanted, whole) ??
    counted(name, wanted, plan, outcomes) ??
    fromText(name, wanted) ??
    freeText(name, wanted, answer, only)
  return JSON.stringify(conformValue('', shape, offer))
}

const plain = (name: string): string => nameWords(name).map(stem).join('')

/** A field of an output with this name; for a list of objects, every output or entry that is alike. */
const fromOutputs = (name: string, wanted: Shape, values: readonly unknown[]): unknown => {
  if (name === '') return undefined
  const named = values
    .map((value) => fieldNamed(value, plain(name), 0))
    .filter((value) => value !== undefined)
  if (wanted.type !== 'array') return named[0]
  const lists = named.filter((value) => Array.isArray(value))
  if (lists.length > 0) return lists.flat()
  // `cities: [{ city, celsius }]` from one output a city, `files: [string]` from a plain list.
  const entries = values.flatMap((value) =>
    Array.isArray(value) ? value : (listIn({ kind: 'value', value }) ?? [value]),
  )
  return entries.length > 0 ? entries : undefined
}

const fieldNamed = (value: unknown, name: string, depth: number): unknown => {
  if (!isObject(value) || depth > 3) return undefined
  for (const [key, field] of Object.entries(value)) if (plain(key) === name) return field
  for (const field of Object.values(value)) {
    const inside = fieldNamed(field, name, depth + 1)
    if (inside !== undefined) return inside
  }
  return undefined
}

const COUNT = /^(?:count|total|number|amount|length|files|entries|matches|results)$/

const counted = (
  name: string,
  wanted: Shape,
  plan: Plan,
  outcomes: readonly Outcome[],
): number | undefined => {
  if (
    (wanted.type !== 'integer' && wanted.type !== 'number') ||
    !nameWords(name).some((word) => COUNT.test(word))
  )
    return undefined
  const clause = plan.clauses.find((one) => one.asks === 'count') ?? plan.clauses[0]
  if (clause === undefined) return undefined
  for (const outcome of outcomes) {
    const found = countEntries(outcome, clause)
    if (found !== undefined) return found.count
  }
  return undefined
}

/** The whole question, read as if the properties of the schema were the parameters of a tool. */
const textOffer = (shape: Shape, question: string): Offer => {
  const clause = readClause(question)
  const parameters = scalarsOf(shape, 0)
  const { values } = valuesIn(parameters, clause)
  return (name, wanted) => {
    const parameter = parameters.find((one) => one.name === name && one.shape.type === wanted.type)
    if (parameter !== undefined) {
      const found = values.get(parameter)
      return parameter.shape.type === 'array' ? found : found?.[0]
    }
    return wanted.type === 'array' ? rowsOf(wanted, clause) : undefined
  }
}

/** The properties that hold one value or a list of plain ones, at any depth of nested objects. */
const scalarsOf = (shape: Shape, depth: number): Parameter[] => {
  if (depth > 4) return []
  return parametersOf(shape, []).flatMap((parameter) => {
    if (parameter.shape.type === 'object') return scalarsOf(parameter.shape, depth + 1)
    const rows = parameter.shape.type === 'array' && elementOf(parameter.shape, 0).type === 'object'
    return rows ? [] : [parameter]
  })
}

/** `people: [{ name, email }]`: the first name with the first address, the second with the second. */
const rowsOf = (shape: Shape, clause: Clause): JsonObject[] | undefined => {
  const element = elementOf(shape, 0)
  if (element.type !== 'object') return undefined
  const rows: JsonObject[] = []
  for (const parameter of scalarsOf(element, 0)) {
    const entities = clause.entities.filter(
      (entity) => entity.kind !== 'phrase' && entityFit(parameter, entity) >= 0.6,
    )
    entities.forEach((entity, index) => {
      rows[index] = { ...rows[index], [parameter.name]: argumentFrom(parameter, entity) }
    })
  }
  return rows.length > 0 ? Array.from(rows, (row) => row ?? {}) : undefined
}

const FREE =
  /^(?:answer|summary|text|message|reason|reasoning|explanation|description|content|note|notes|result|output|response|reply|body)$/

/** Prose for a property that wants prose, or for the only text that the schema has. */
const freeText = (
  name: string,
  wanted: Shape,
  answer: string,
  only: string | undefined,
): string | undefined =>
  wanted.type === 'string' &&
  wanted.values === undefined &&
  (name === only || nameWords(name).some((word) => FREE.test(word)))
    ? answer
    : undefined
