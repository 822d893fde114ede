import { isJsonObject, type JsonArray, type JsonObject, type JsonValue, jsonType } from './json.ts'
import { acceptsNull, orNull } from './nullability.ts'
import type { ResolvedSchema } from './references.ts'
import { joinPath } from './schema-error.ts'
import { constraintsFor, describeWith } from './strict-keywords.ts'
import { exceededLimit } from './strict-limits.ts'

/** Why a schema cannot be sent with `strict: true`: where, what is there, what to do. */
export interface StrictProblem {
  readonly path: string
  readonly what: string
  readonly remedy: string
}

/** Keywords that change what is accepted and that strict mode has no room for. */
const BLOCKING: readonly string[] = [
  'not',
  'if',
  'dependentRequired',
  'dependentSchemas',
  '$dynamicRef',
  'allOf',
]

const problem = (path: string, what: string, remedy: string): StrictProblem => ({ path, what, remedy })

const isNever = (schema: JsonValue | undefined): boolean =>
  schema === false ||
  (isJsonObject(schema) && isJsonObject(schema.not) && Object.keys(schema.not).length === 0)

/** The type of a schema that does not say it but can only mean one. */
const typeOf = (schema: JsonObject): JsonValue | undefined => {
  if (schema.type !== undefined) return schema.type
  if (schema.const !== undefined) return jsonType(schema.const)
  if (Array.isArray(schema.enum)) {
    const types = [...new Set(schema.enum.map(jsonType))]
    return types.length === 1 ? types[0] : types
  }
  if (isJsonObject(schema.properties)) return 'object'
  return isJsonObject(schema.items) ? 'array' : undefined
}

/**
 * Says a schema in the subset that `strict: true` takes (OpenAI, "Structured outputs: supported schemas"), or says why not.
 *
 * Objects are closed; every property is required, and one that was optional accepts null instead; `oneOf` becomes `anyOf`;
 * defaults and keywords outside the subset move into the description. What the wire cannot check, the schema itself still does.
 */
export const toStrict = (document: ResolvedSchema): ResolvedSchema | StrictProblem => {
  let found: StrictProblem | undefined
  const fail = (path: string, what: string, remedy: string): JsonObject => {
    found ??= problem(path, what, remedy)
    return {}
  }

  const union = (schema: JsonObject, branches: JsonArray, path: string): JsonObject => {
    const beside = ['properties', 'items', 'enum', 'const', 'required', '$ref'].find(
      (keyword) => keyword in schema,
    )
    if (beside) return fail(path, `a union beside "${beside}"`, 'put it into each branch of the union')
    return { anyOf: branches.map((branch) => convert(branch, path)), ...describeWith(schema) }
  }

  const object = (schema: JsonObject, path: string): JsonObject => {
    const { additionalProperties, patternProperties } = schema
    const properties = isJsonObject(schema.properties) ? schema.properties : {}
    const open = additionalProperties !== undefined && !isNever(additionalProperties)
    if (open || (isJsonObject(patternProperties) && Object.keys(patternProperties).length > 0)) {
      return fail(
        path,
        'an object with open keys',
        'list the keys, or take an array of { key, value } objects',
      )
    }
    const required: ReadonlySet<JsonValue> = new Set(Array.isArray(schema.required) ? schema.required : [])
    const undeclared = [...required].find((key) => typeof key !== 'string' || !Object.hasOwn(properties, key))
    if (undeclared !== undefined)
      return fail(path, `required key ${JSON.stringify(undeclared)} without a schema`, 'declare it')
    const entries = Object.entries(properties).map(([key, child]): [string, JsonObject] => {
      const strict = convert(child, joinPath(path, key))
      return [key, required.has(key) || acceptsNull(child, document) ? strict : orNull(strict)]
    })
    return {
      type: 'object',
      ...describeWith(schema),
      properties: Object.fromEntries(entries),
      required: entries.map(([key]) => key),
      additionalProperties: false,
    }
  }

  const array = (schema: JsonObject, path: string): JsonObject => {
    if (Array.isArray(schema.prefixItems))
      return fail(path, 'a tuple', 'use an object with a property per place')
    return {
      type: 'array',
      ...describeWith(schema),
      items: convert(schema.items, `${path}[]`),
      ...constraintsFor('array', schema),
    }
  }

  const convert = (schema: JsonValue | undefined, path: string): JsonObject => {
    if (!isJsonObject(schema)) {
      return schema === false
        ? fail(path, 'never', 'leave it out')
        : fail(path, 'any value', 'say what it may be')
    }
    const blocking = BLOCKING.find((keyword) => keyword in schema)
    if (blocking)
      return fail(path, isNever(schema) ? 'never' : `"${blocking}"`, 'say it with .refine() or leave it out')
    if (typeof schema.$ref === 'string') {
      const words = describeWith(schema)
      // strict mode takes no keyword beside $ref
      return Object.keys(words).length === 0
        ? { $ref: schema.$ref }
        : { anyOf: [{ $ref: schema.$ref }], ...words }
    }
    const branches = schema.anyOf ?? schema.oneOf
    if (Array.isArray(branches)) return union(schema, branches, path)

    const type = typeOf(schema)
    if (Array.isArray(type)) {
      const nested = type.includes('object') || type.includes('array')
      if (nested)
        return union(
          {},
          type.map((one) => ({ ...schema, type: one })),
          path,
        )
      const constraints = Object.assign({}, ...type.map((one) => constraintsFor(one, schema)))
      return { type, ...describeWith(schema), ...values(schema), ...constraints }
    }
    if (type === undefined) return fail(path, 'any value', 'say what it may be')
    if (type === 'object')
      return 'enum' in schema || 'const' in schema
        ? fail(path, 'a constant object', 'list its keys')
        : object(schema, path)
    if (type === 'array')
      return 'enum' in schema || 'const' in schema
        ? fail(path, 'a constant array', 'list its items')
        : array(schema, path)
    return { type, ...describeWith(schema), ...values(schema), ...constraintsFor(type, schema) }
  }

  const values = (schema: JsonObject): JsonObject => ({
    ...(schema.const === undefined ? {} : { const: schema.const }),
    ...(Array.isArray(schema.enum) ? { enum: schema.enum } : {}),
  })

  const root = convert(document.root, '')
  const defs = Object.fromEntries(
    Object.entries(document.defs).map(([name, def]) => [name, convert(def, `$defs.${name}`)]),
  )
  const strict = { root, defs }
  return found ?? exceededLimit(strict) ?? strict
}

/** True when `toStrict` answered with a problem. */
export const isStrictProblem = (result: ResolvedSchema | StrictProblem): result is StrictProblem =>
  !('root' in result)
