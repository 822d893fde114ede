/** A JSON value that is an object. */
export type JsonObject = Record<string, unknown>

/** A JSON Schema reduced to what a value has to satisfy: references resolved, `null` taken out of unions. */
export interface Shape {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null' | 'any'
  readonly nullable: boolean
  /** The allowed values without `null`, when they are listed; a `const` is a list of one. */
  readonly values?: readonly unknown[]
  /** The other branches of a union, tried when the first one does not fit. */
  readonly others: readonly Shape[]
  readonly schema: JsonObject
  readonly root: JsonObject
}

/** One property of an object shape. */
export interface Property {
  readonly name: string
  readonly required: boolean
  readonly shape: Shape
}

/** True for plain JSON objects, not for arrays and `null`. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The references that led to a schema; one that leads back to itself says nothing. */
type Followed = Set<string>

const resolve = (schema: JsonObject, root: JsonObject, followed: Followed): JsonObject => {
  const reference = schema.$ref
  if (typeof reference !== 'string') return schema
  const target = followed.has(reference) ? undefined : targetOf(reference, root)
  followed.add(reference)
  const { $ref: _, ...beside } = schema
  if (!isObject(target)) return beside
  return { ...resolve(target, root, followed), ...beside }
}

const targetOf = (reference: string, root: JsonObject): unknown => {
  if (reference === '#') return root
  let target: unknown = root
  for (const step of reference.replace(/^#\//, '').split('/')) {
    const key = decoded(step).replace(/~1/g, '/').replace(/~0/g, '~')
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined
  }
  return target
}

const decoded = (step: string): string => {
  try {
    return decodeURIComponent(step)
  } catch {
    return step // A percent sign that encodes nothing.
  }
}

const merged = (schema: JsonObject, root: JsonObject, before: Followed): JsonObject => {
  if (!Array.isArray(schema.allOf)) return schema
  const followed = new Set(before)
  let all: JsonObject = { ...schema }
  for (const part of schema.allOf) {
    if (!isObject(part)) continue
    const resolved = merged(resolve(part, root, followed), root, followed)
    all = {
      ...all,
      ...resolved,
      properties: { ...asObject(all.properties), ...asObject(resolved.properties) },
      required: [...asArray(all.required), ...asArray(resolved.required)],
    }
  }
  return all
}

const asObject = (value: unknown): JsonObject => (isObject(value) ? value : {})
const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** Reads a JSON Schema. Whatever it cannot express becomes `any`, so that a strange schema never throws. */
export const shapeOf = (input: unknown, root: JsonObject, before?: ReadonlySet<string>): Shape => {
  const followed = new Set(before)
  const schema = merged(resolve(asObject(input), root, followed), root, followed)
  const union = [...asArray(schema.anyOf), ...asArray(schema.oneOf)].filter(isObject)
  if (union.length > 0) {
    const { anyOf: _, oneOf: __, ...beside } = schema
    const branches = union.map((branch) => {
      const here = new Set(followed)
      return shapeOf({ ...beside, ...resolve(branch, root, here) }, root, here)
    })
    const real = branches.filter((branch) => branch.type !== 'null')
    const first = real[0] ?? branches[0]!
    const nullable = branches.some((branch) => branch.nullable || branch.type === 'null')
    return { ...first, nullable, others: [...real.slice(1), ...first.others] }
  }
  const listed = 'const' in schema ? [schema.const] : Array.isArray(schema.enum) ? schema.enum : undefined
  const values = listed?.filter((value) => value !== null)
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter(
    (type) => typeof type === 'string',
  )
  const real = types.filter((type) => type !== 'null')
  const onlyNull = (types.length > 0 && real.length === 0) || (listed !== undefined && values?.length === 0)
  const nullable = types.includes('null') || listed?.includes(null) === true || schema.nullable === true
  const type = onlyNull ? 'null' : typeFrom(real[0], schema, values)
  const others = real.slice(1).map((other) => shapeOf({ ...schema, type: other }, root, followed))
  return { type, nullable, ...(values === undefined ? {} : { values }), others, schema, root }
}

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array'])

const typeFrom = (named: unknown, schema: JsonObject, values?: readonly unknown[]): Shape['type'] => {
  if (typeof named === 'string' && TYPES.has(named)) return named as Shape['type']
  if (values !== undefined) {
    const type = typeof values[0]
    return type === 'string' || type === 'number' || type === 'boolean' ? type : 'any'
  }
  if (isObject(schema.properties)) return 'object'
  return schema.items === undefined && schema.prefixItems === undefined ? 'any' : 'array'
}

/** The properties of an object shape, in the order of the schema. */
export const propertiesOf = (shape: Shape): Property[] => {
  const required = new Set(asArray(shape.schema.required))
  const named = asObject(shape.schema.properties)
  const properties = Object.keys(named).map((name) => ({
    name,
    required: required.has(name),
    shape: shapeOf(named[name], shape.root),
  }))
  for (const name of required) {
    if (typeof name === 'string' && !Object.hasOwn(named, name)) {
      properties.push({ name, required: true, shape: shapeOf(shape.schema.additionalProperties, shape.root) })
    }
  }
  return properties
}

/** The shape of the element at `index` of an array shape. */
export const elementOf = (shape: Shape, index: number): Shape => {
  const tuple = Array.isArray(shape.schema.prefixItems) ? shape.schema.prefixItems : shape.schema.items
  const element = Array.isArray(tuple) ? (tuple[index] ?? shape.schema.additionalItems) : shape.schema.items
  return shapeOf(element, shape.root)
}

/** How many elements an array shape names one by one. */
export const tupleLength = (shape: Shape): number => {
  const tuple = Array.isArray(shape.schema.prefixItems) ? shape.schema.prefixItems : shape.schema.items
  return Array.isArray(tuple) ? tuple.length : 0
}

/** A numeric keyword of the schema such as `minimum`, or undefined. */
export const keyword = (shape: Shape, name: string): number | undefined => {
  const value = shape.schema[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The description in the schema, or an empty text. */
export const descriptionOf = (shape: Shape): string =>
  typeof shape.schema.description === 'string' ? shape.schema.description : ''
