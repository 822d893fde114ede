import { errorText } from '../errors/error-text.ts'
import { findInexpressible, type Inexpressible, remedyFor } from './inexpressible.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { type ResolvedSchema, resolveReferences } from './references.ts'
import type { Schema } from './schema.ts'
import { placeIn, SchemaError, type SchemaUse } from './schema-error.ts'
import { tidySchema } from './tidy.ts'
import { isZod3, readZod3, zod3ToJsonSchema } from './zod3.ts'
import { isZod4, readZod4, zod4ToJsonSchema } from './zod4.ts'

const isStandard = (schema: unknown): schema is Schema =>
  ((typeof schema === 'object' && schema !== null) || typeof schema === 'function') &&
  typeof (schema as { '~standard'?: { validate?: unknown } })['~standard']?.validate === 'function'

const notASchema = (schema: unknown, use: SchemaUse): SchemaError => {
  const values = isJsonObject(schema) ? Object.values(schema) : []
  const isShape = values.length > 0 && values.every(isStandard)
  const looksRaw =
    isJsonObject(schema) &&
    ('type' in schema || 'properties' in schema || '$ref' in schema || 'anyOf' in schema)
  const remedy = isShape
    ? 'wrap the properties in z.object({ … })'
    : looksRaw
      ? 'wrap a JSON Schema in jsonSchema({ … })'
      : 'use a zod schema, a Standard Schema with JSON Schema, or jsonSchema({ … })'
  return new SchemaError('', `${placeIn(use, '')} is not a schema; ${remedy}.`)
}

const cannotSay = ({ path, kind }: Inexpressible, use: SchemaUse): SchemaError =>
  new SchemaError(path, `${placeIn(use, path)} (${kind}) can't be said in JSON Schema; ${remedyFor(kind)}.`)

const fromStandard = (schema: Schema, use: SchemaUse): Record<string, unknown> => {
  const { vendor, jsonSchema } = schema['~standard']
  if (!jsonSchema) {
    throw new SchemaError(
      '',
      `${placeIn(use, '')} is a ${vendor} schema that cannot say itself as JSON Schema; use the library's Standard JSON Schema ` +
        'wrapper (such as toStandardJsonSchema of @valibot/to-json-schema), or jsonSchema({ … }).',
    )
  }
  try {
    return jsonSchema.input({ target: 'draft-2020-12' })
  } catch {
    return jsonSchema.input({ target: 'draft-07' })
  }
}

const say = (schema: Schema, use: SchemaUse): Record<string, unknown> => {
  const read = isZod4(schema) ? readZod4 : isZod3(schema) ? readZod3 : undefined
  const inexpressible = read && findInexpressible(schema, read)
  if (inexpressible) throw cannotSay(inexpressible, use)
  if (isZod4(schema)) return zod4ToJsonSchema(schema)
  return isZod3(schema) ? zod3ToJsonSchema(schema) : fromStandard(schema, use)
}

/** Says any schema as JSON Schema, with references resolved and the converters' noise gone. */
export const toJsonDocument = (schema: unknown, use: SchemaUse): ResolvedSchema => {
  if (!isStandard(schema)) throw notASchema(schema, use)
  let said: Record<string, unknown>
  try {
    said = say(schema, use)
  } catch (error) {
    if (error instanceof SchemaError) throw error
    const reason = errorText(error)
    throw new SchemaError('', `${placeIn(use, '')} can't be said in JSON Schema: ${reason}`, error)
  }
  const resolved = resolveReferences(said as JsonObject)
  if ('broken' in resolved) {
    throw new SchemaError(
      '',
      `${placeIn(use, '')} has a $ref "${resolved.broken}" that leads to nothing in it; put its target into $defs.`,
    )
  }
  return tidySchema(resolved, { generated: isZod4(schema) || isZod3(schema) })
}
