import { createJsonCheck } from './check-json.ts'
import type { JsonObject } from './json.ts'
import { resolveReferences, withDefs } from './references.ts'
import type { Schema } from './schema.ts'
import { SchemaError } from './schema-error.ts'
import { tidySchema } from './tidy.ts'

/**
 * Makes a schema of a JSON Schema written by hand, or of one that another program says (an MCP server, an OpenAPI document).
 *
 * Values are checked against it too: types, constants, required and unknown keys, unions, bounds and patterns. The type of the
 * values is not known from the schema; give it as type argument: `jsonSchema<{ city: string }>({ … })`.
 *
 * @throws SchemaError when a `$ref` leads nowhere or out of the document.
 */
export const jsonSchema = <T = unknown>(schema: JsonObject): Schema<T, T> => {
  const resolved = resolveReferences(schema)
  if ('broken' in resolved) {
    throw new SchemaError(
      '',
      `jsonSchema: $ref "${resolved.broken}" leads to nothing in this document; put its target into $defs.`,
    )
  }
  const document = withDefs(tidySchema(resolved, { generated: false }))
  let check: ReturnType<typeof createJsonCheck> | undefined
  return {
    '~standard': {
      version: 1,
      vendor: 'antiphon',
      validate(value) {
        check ??= createJsonCheck(document)
        const issues = check(value)
        return issues.length === 0 ? { value: value as T } : { issues }
      },
      jsonSchema: { input: () => document as Record<string, unknown> },
    },
  }
}
