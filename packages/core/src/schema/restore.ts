import { hasJsonType } from './json.ts'
import type { ResolvedSchema } from './references.ts'
import { type Plan, type PlanField, planRestore } from './restore-plan.ts'

/** One walk over one value. */
interface Walk {
  /** Inside a union: look at everything, to learn whether the branch fits. */
  matching: boolean
  /** Set when matching and the value does not fit. */
  failed: boolean
  /** What each branch made of each value, so that unions in unions stay linear in the value. */
  memo: Map<object, Map<Plan, Attempt>> | undefined
}
interface Attempt {
  readonly value: unknown
  readonly fits: boolean
}
type Keyed = Readonly<Record<string, unknown>>

const isKeyed = (value: unknown): value is Keyed =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fitsHere = (plan: Plan, value: unknown): boolean => {
  const { types, values } = plan
  if (types && !types.some((type) => hasJsonType(value, type))) return false
  return !values || (typeof value === 'object' && value !== null) || values.includes(value as string)
}

/** Could the value be of this branch, by its type and its constant properties? Looks no deeper than one level. */
const isPlausible = (plan: Plan, value: unknown): boolean => {
  if (!fitsHere(plan, value)) return false
  if (plan.members?.some((member) => !isPlausible(member, value))) return false
  if (!plan.fields || !isKeyed(value)) return true
  for (const { key, plan: field, required } of plan.fields.values()) {
    if (!field.values) continue
    if (Object.hasOwn(value, key) ? value[key] !== null && !fitsHere(field, value[key]) : required)
      return false
  }
  return true
}

const visit = (plan: Plan, value: unknown, walk: Walk): unknown => {
  if (plan.inert && !walk.matching) return value
  if (walk.matching) {
    if (walk.failed) return value
    if (!fitsHere(plan, value)) {
      walk.failed = true
      return value
    }
  }
  let result = value
  if (Array.isArray(value)) result = visitArray(plan, value, walk)
  else if (isKeyed(value)) result = visitObject(plan, value, walk)
  if (plan.members) for (const member of plan.members) result = visit(member, result, walk)
  return plan.branches ? visitUnion(plan.branches, result, walk) : result
}

const visitArray = (plan: Plan, value: readonly unknown[], walk: Walk): readonly unknown[] => {
  const { items, places } = plan
  if (!items && !places) return value
  let copy: unknown[] | undefined
  for (let i = 0; i < value.length; i++) {
    const place = places?.[i] ?? items
    if (!place) continue
    const next = visit(place, value[i], walk)
    if (next === value[i]) continue
    copy ??= value.slice()
    copy[i] = next
  }
  return copy ?? value
}

const DROP = Symbol('drop')

const visitObject = (plan: Plan, value: Keyed, walk: Walk): Keyed => {
  let changes: Map<string, unknown> | undefined
  const put = (key: string, next: unknown): void => {
    changes ??= new Map()
    changes.set(key, next)
  }
  const field = ({ key, plan: child, droppable, required }: PlanField): void => {
    if (!Object.hasOwn(value, key)) {
      if (walk.matching && required) walk.failed = true
      return
    }
    const before = value[key]
    const after = droppable && before === null ? DROP : visit(child, before, walk)
    if (after !== before) put(key, after)
  }
  if (walk.matching) plan.fields?.forEach(field)
  else plan.active?.forEach(field)

  const { rest } = plan
  if (rest === false ? walk.matching : rest && (walk.matching || !rest.inert)) {
    for (const key of Object.keys(value)) {
      if (plan.fields?.has(key)) continue
      if (rest === false) walk.failed = true
      else if (rest) {
        const after = visit(rest, value[key], walk)
        if (after !== value[key]) put(key, after)
      }
    }
  }
  return changes ? rebuild(value, changes) : value
}

/** fromEntries defines a key named `__proto__` instead of setting the prototype. */
const rebuild = (value: Keyed, changes: ReadonlyMap<string, unknown>): Keyed => {
  const entries: [string, unknown][] = []
  for (const key of Object.keys(value)) {
    const next = changes.has(key) ? changes.get(key) : value[key]
    if (next !== DROP) entries.push([key, next])
  }
  return Object.fromEntries(entries)
}

const attempt = (branch: Plan, value: unknown, walk: Walk): Attempt => {
  const known = typeof value === 'object' && value !== null ? walk.memo?.get(value)?.get(branch) : undefined
  if (known) return known
  const { matching, failed } = walk
  walk.matching = true
  walk.failed = false
  const result: Attempt = { value: visit(branch, value, walk), fits: !walk.failed }
  walk.matching = matching
  walk.failed = failed
  if (typeof value === 'object' && value !== null) {
    walk.memo ??= new Map()
    const ofValue = walk.memo.get(value) ?? new Map<Plan, Attempt>()
    walk.memo.set(value, ofValue.set(branch, result))
  }
  return result
}

const visitUnion = (branches: readonly Plan[], value: unknown, walk: Walk): unknown => {
  const plausible = branches.filter((branch) => isPlausible(branch, value))
  const [first, second] = plausible
  if (!first) {
    if (walk.matching) walk.failed = true
    return value
  }
  if (!second) return visit(first, value, walk)

  // A branch that takes the value as it is goes before one that takes it only without its nulls.
  let best: Attempt | undefined
  for (const branch of plausible) {
    const result = attempt(branch, value, walk)
    if (!result.fits) continue
    if (result.value === value) return value
    best ??= result
  }
  if (best) return best.value
  if (!walk.matching) return visit(first, value, walk)
  walk.failed = true
  return value
}

/**
 * Makes the function that turns what a strict model wrote back into what the schema expects: null becomes "absent" where the
 * key is optional and null is not a value of it. Where the schema itself takes null, null stays.
 *
 * Undefined when no value can need it. Returns the same object when nothing changes; linear in the value.
 */
export const createRestore = (
  document: ResolvedSchema,
  options: { readonly closed: boolean },
): ((value: unknown) => unknown) | undefined => {
  const plan = planRestore(document, options)
  if (!plan) return undefined
  return (value) => visit(plan, value, { matching: false, failed: false, memo: undefined })
}
