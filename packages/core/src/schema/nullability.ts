import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { nameOf, type ResolvedSchema } from './references.ts'

/** Does the schema accept null by itself? `{}` does. */
export const acceptsNull = (schema: JsonValue | undefined, document: ResolvedSchema): boolean => {
  const seen = new Set<string>()
  const accepts = (node: JsonValue | undefined): boolean => {
    if (!isJsonObject(node)) return node !== false
    const { type, anyOf, oneOf, allOf, $ref, not } = node
    if (typeof type === 'string' ? type !== 'null' : Array.isArray(type) && !type.includes('null'))
      return false
    if ('const' in node && node.const !== null) return false
    if (Array.isArray(node.enum) && !node.enum.includes(null)) return false
    if (Array.isArray(anyOf) && !anyOf.some(accepts)) return false
    if (Array.isArray(oneOf) && !oneOf.some(accepts)) return false
    if (Array.isArray(allOf) && !allOf.every(accepts)) return false
    if (not !== undefined && accepts(not)) return false
    if (typeof $ref === 'string') {
      if (seen.has($ref)) return false
      seen.add($ref)
      return accepts($ref === '#' ? document.root : document.defs[nameOf($ref)])
    }
    return true
  }
  return accepts(schema)
}

const PRIMITIVES: ReadonlySet<JsonValue | undefined> = new Set(['string', 'number', 'integer', 'boolean'])

/** The same schema, accepting null too, in the spelling that strict mode takes. */
export const orNull = (schema: JsonObject): JsonObject => {
  const { type, anyOf, description, title, ...rest } = schema
  const words = {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  }
  if (PRIMITIVES.has(type) && rest.const === undefined) {
    const values = Array.isArray(rest.enum) ? { enum: [...rest.enum, null] } : {}
    return { ...words, ...rest, type: [type as string, 'null'], ...values }
  }
  if (Array.isArray(type) && rest.const === undefined) {
    const values = Array.isArray(rest.enum) ? { enum: [...rest.enum, null] } : {}
    return { ...words, ...rest, type: [...type, 'null'], ...values }
  }
  if (Array.isArray(anyOf) && type === undefined && Object.keys(rest).length === 0) {
    return { ...words, anyOf: [...anyOf, { type: 'null' }] }
  }
  const bare: JsonObject = {
    ...(type === undefined ? {} : { type }),
    ...(anyOf === undefined ? {} : { anyOf }),
    ...rest,
  }
  return { ...words, anyOf: [bare, { type: 'null' }] }
}
