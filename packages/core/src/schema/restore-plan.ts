import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { acceptsNull } from './nullability.ts'
import { nameOf, type ResolvedSchema } from './references.ts'

/** A property as the restoring walk sees it. */
export interface PlanField {
  readonly key: string
  readonly plan: Plan
  /** Optional, and null is not a value of it: so null on the wire means "absent". */
  readonly droppable: boolean
  readonly required: boolean
}
/** A JSON Schema node as the restoring walk sees it. All parts hold at once, as keywords of a schema do. */
export interface Plan {
  types?: readonly string[]
  values?: readonly JsonValue[]
  fields?: ReadonlyMap<string, PlanField>
  /** The fields that can need restoring; the others are passed over outside unions. */
  active?: readonly PlanField[]
  /** For keys that are not among the fields; false when there must be none. */
  rest?: Plan | false
  items?: Plan
  places?: readonly Plan[]
  members?: readonly Plan[]
  branches?: readonly Plan[]
  /** Nothing below can need restoring. */
  inert: boolean
}

/** Makes the plan of a schema, or undefined when no value of it can ever need restoring. */
export const planRestore = (
  document: ResolvedSchema,
  options: { readonly closed: boolean },
): Plan | undefined => {
  const plans = new Map<JsonObject, Plan>()
  const parents = new Map<Plan, Plan[]>()

  const sub = (parent: Plan, schema: JsonValue | undefined): Plan | undefined => {
    if (!isJsonObject(schema)) return undefined
    const plan = build(schema)
    const known = parents.get(plan)
    if (known) known.push(parent)
    else parents.set(plan, [parent])
    return plan
  }
  const list = (parent: Plan, schemas: JsonValue | undefined): readonly Plan[] | undefined =>
    Array.isArray(schemas) ? schemas.map((schema) => sub(parent, schema) ?? { inert: true }) : undefined

  const build = (schema: JsonObject): Plan => {
    const known = plans.get(schema)
    if (known) return known
    const plan: Plan = { inert: true }
    plans.set(schema, plan)
    const { type, properties, additionalProperties, $ref } = schema
    if (type !== undefined) plan.types = (Array.isArray(type) ? type : [type]) as readonly string[]
    if (schema.const !== undefined) plan.values = [schema.const]
    else if (Array.isArray(schema.enum)) plan.values = schema.enum
    if (isJsonObject(properties)) {
      const required = new Set(Array.isArray(schema.required) ? schema.required : [])
      plan.fields = new Map(
        Object.entries(properties).map(([key, child]) => {
          const optional = !required.has(key)
          const droppable = optional && !acceptsNull(child, document)
          return [key, { key, plan: sub(plan, child) ?? { inert: true }, droppable, required: !optional }]
        }),
      )
      if (additionalProperties === false || (additionalProperties === undefined && options.closed))
        plan.rest = false
    }
    if (isJsonObject(additionalProperties)) plan.rest = sub(plan, additionalProperties)
    plan.items = sub(plan, schema.items)
    plan.places = list(plan, schema.prefixItems)
    const referred =
      typeof $ref === 'string'
        ? sub(plan, $ref === '#' ? document.root : document.defs[nameOf($ref)])
        : undefined
    const members = list(plan, schema.allOf) ?? []
    if (referred || members.length > 0) plan.members = referred ? [referred, ...members] : members
    plan.branches = list(plan, schema.anyOf ?? schema.oneOf)
    return plan
  }

  const root = build(document.root)
  const awake = [...plans.values()].filter((plan) =>
    [...(plan.fields?.values() ?? [])].some((field) => field.droppable),
  )
  for (const plan of awake) plan.inert = false
  for (let plan = awake.pop(); plan; plan = awake.pop()) {
    for (const parent of parents.get(plan) ?? []) {
      if (!parent.inert) continue
      parent.inert = false
      awake.push(parent)
    }
  }
  for (const plan of plans.values()) {
    plan.active = [...(plan.fields?.values() ?? [])].filter((field) => field.droppable || !field.plan.inert)
  }
  return root.inert ? undefined : root
}
