import type { Clause } from './clauses.ts'
import { coerce } from './coerce-value.ts'
import type { Entity } from './entities.ts'
import { elementOf, type Shape } from './json-schema.ts'
import { scalarText } from './json-values.ts'
import { argumentFrom, currencyCode, entityFit, isList, WEAKEST } from './match-entity.ts'
import { isCounter, type Role } from './parameter-role.ts'
import type { Parameter } from './read-tools.ts'
import { bestAffinity } from './synonyms.ts'
import { contentStems, nameWords, stem, wordsOf } from './words.ts'

/** The values that a clause names, each under the parameter that it suits best. */
export const valuesIn = (
  parameters: readonly Parameter[],
  whole: Clause,
): { values: Map<Parameter, readonly unknown[]>; used: ReadonlySet<Entity>; fit: number } => {
  const clause = withOperands(parameters, whole)
  const { assigned, used, fit } = assignEntities(parameters, clause)
  const values = new Map<Parameter, readonly unknown[]>()
  for (const [parameter, entity] of assigned) {
    const list = listOf(parameter, entity, clause, used)
    const found = list.map((one) => fitting(parameter, argumentFrom(parameter, one)))
    values.set(
      parameter,
      found.filter((value) => value !== undefined),
    )
  }
  for (const parameter of parameters) {
    if (values.has(parameter)) continue
    const value = valueByWords(parameter, clause)
    if (value !== undefined) values.set(parameter, [value])
  }
  return { values, used, fit }
}

/** `6 times 7` is two numbers to a tool that takes numbers and no expression. */
const withOperands = (parameters: readonly Parameter[], clause: Clause): Clause => {
  if (parameters.some((one) => one.role === 'expression') || !parameters.some((one) => one.role === 'number'))
    return clause
  const entities = clause.entities.flatMap((entity): Entity[] => {
    const operands = [...entity.text.matchAll(/(?<![\d.)]\s?)-?\d+(?:\.\d+)?|\d+(?:\.\d+)?/g)]
    if (entity.kind !== 'expression' || operands.length !== 2) return [entity]
    return operands.map((match) => ({
      kind: 'number',
      text: match[0],
      start: entity.start + match.index,
      end: entity.start + match.index + match[0].length,
      before: '',
      after: '',
    }))
  })
  return { ...clause, entities }
}

/** Roles that nearly any value suits: without a word beside it, a value is not for an optional parameter of such a role. */
const WANTS_WORDS: ReadonlySet<Role> = new Set(['text', 'number'])

interface Assignment {
  readonly assigned: Map<Parameter, Entity>
  readonly used: Set<Entity>
  readonly fit: number
}

const assignEntities = (parameters: readonly Parameter[], clause: Clause): Assignment => {
  const pairs: Array<{ parameter: Parameter; entity: Entity; fit: number; order: number }> = []
  parameters.forEach((parameter, place) => {
    clause.entities.forEach((entity, position) => {
      const fit = entityFit(parameter, entity) + (parameter.needed ? 0.05 : 0)
      if (fit < WEAKEST || fitting(parameter, argumentFrom(parameter, entity)) === undefined) return
      // An optional parameter takes only what clearly is meant for it.
      if (!parameter.needed && WANTS_WORDS.has(parameter.role) && !isCounter(parameter) && fit < 0.9) return
      pairs.push({ parameter, entity, fit, order: position * 100 + place })
    })
  })
  pairs.sort((left, right) => right.fit - left.fit || left.order - right.order)
  const assigned = new Map<Parameter, Entity>()
  const used = new Set<Entity>()
  let total = 0
  for (const { parameter, entity, fit } of pairs) {
    if (assigned.has(parameter) || used.has(entity)) continue
    assigned.set(parameter, entity)
    used.add(entity)
    total += parameter.needed ? Math.min(fit, 1.2) : Math.min(fit, 1.2) * 0.8
  }
  return { assigned, used, fit: total }
}

/** A value as the parameter's schema takes it: an array parameter is judged by its elements. */
export const fitting = (parameter: Parameter, value: unknown): unknown =>
  coerce(value, elementShape(parameter))

const elementShape = (parameter: Parameter): Shape =>
  parameter.shape.type === 'array' ? elementOf(parameter.shape, 0) : parameter.shape

/** The entity and those listed beside it: `Paris, Tokyo and Oslo`. */
const listOf = (parameter: Parameter, entity: Entity, clause: Clause, used: Set<Entity>): Entity[] => {
  const order = clause.entities
  const at = order.indexOf(entity)
  const least = entityFit(parameter, entity) * 0.55
  const joins = (one: Entity | undefined, left: Entity, right: Entity): one is Entity =>
    one !== undefined &&
    !used.has(one) &&
    alike(one, entity) &&
    entityFit(parameter, one) >= least &&
    isList(clause.text.slice(left.end, right.start))
  const list = [entity]
  for (let index = at + 1; joins(order[index], order[index - 1]!, order[index]!); index++)
    list.push(order[index]!)
  for (let index = at - 1; joins(order[index], order[index]!, order[index + 1]!); index--)
    list.unshift(order[index]!)
  for (const one of list) used.add(one)
  return list
}

const WORDS = new Set(['name', 'phrase', 'upper', 'quoted'])

const alike = (one: Entity, other: Entity): boolean =>
  one.kind === other.kind ||
  (WORDS.has(one.kind) && WORDS.has(other.kind)) ||
  (one.kind === 'path' && other.kind === 'upper') ||
  (one.kind === 'upper' && other.kind === 'path')

/** Values that no entity stands for: listed values, flags, and currencies by their common names. */
const valueByWords = (parameter: Parameter, clause: Clause): unknown => {
  if (parameter.role === 'enum') return enumValue(parameter, clause)
  if (parameter.role === 'boolean') return flagValue(parameter, clause)
  return parameter.role === 'currency' ? fitting(parameter, currencyValue(parameter, clause)) : undefined
}

const currencyValue = (parameter: Parameter, clause: Clause): string | undefined => {
  const codes = wordsOf(clause.text).flatMap((word) => {
    const code = currencyCode(word.text)
    return code === undefined
      ? []
      : [
          {
            code,
            before: clause.text.slice(0, word.start).trimEnd().split(/\s+/).at(-1)?.toLowerCase() ?? '',
          },
        ]
  })
  const named = codes.find(({ before }) => parameter.nameStems.includes(before))
  return (named ?? codes.find(({ before }) => !/^(?:to|in|into|from)$/.test(before)) ?? codes[0])?.code
}

const enumValue = (parameter: Parameter, clause: Clause): unknown => {
  const shape = elementShape(parameter)
  const words = contentStems(clause.text)
  let best: { value: unknown; quality: number } | undefined
  for (const value of shape.values ?? []) {
    const parts = nameWords(scalarText(value) ?? '').map(stem)
    if (parts.length === 0) continue
    const quality =
      parts.reduce((sum, part) => sum + (words.includes(part) ? 1 : bestAffinity(part, words) * 0.8), 0) /
      parts.length
    if (quality >= 0.45 && quality > (best?.quality ?? 0)) best = { value, quality }
  }
  return best?.value
}

const flagValue = (parameter: Parameter, clause: Clause): boolean | undefined => {
  const words = wordsOf(clause.text)
  const at = words.findIndex((word) =>
    parameter.nameStems.some((name) => name.length > 2 && bestAffinity(word.stem, [name]) >= 0.8),
  )
  if (at < 0) return undefined
  return !words
    .slice(Math.max(0, at - 2), at)
    .some((word) => /^(?:no|not|without|non|don['’]t|never)$/i.test(word.text))
}
