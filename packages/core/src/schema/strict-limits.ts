import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import type { ResolvedSchema } from './references.ts'
import { joinPath } from './schema-error.ts'

// OpenAI, "Structured outputs: supported schemas", limits of one schema
const MAX_PROPERTIES = 5000
const MAX_DEPTH = 10
const MAX_ENUM_VALUES = 1000
const MAX_NAME_CHARS = 120_000
const LARGE_ENUM = 250
const MAX_LARGE_ENUM_CHARS = 15_000

interface Exceeded {
  readonly path: string
  readonly what: string
  readonly remedy: string
}

/** The first size limit of strict mode that a schema breaks. */
export const exceededLimit = ({ root, defs }: ResolvedSchema): Exceeded | undefined => {
  let properties = 0
  let enumValues = 0
  let chars = 0
  let found: Exceeded | undefined
  const exceed = (path: string, what: string, remedy: string): void => {
    found ??= { path, what, remedy }
  }

  const visit = (schema: JsonValue | undefined, path: string, depth: number): void => {
    if (!isJsonObject(schema)) return
    if (depth > MAX_DEPTH) {
      exceed(path, `more than ${MAX_DEPTH} levels of nesting`, 'flatten it')
      return
    }
    if (isJsonObject(schema.properties)) {
      for (const [key, child] of Object.entries(schema.properties)) {
        properties += 1
        chars += key.length
        visit(child, joinPath(path, key), depth + 1)
      }
    }
    visit(schema.items, `${path}[]`, depth + 1)
    for (const branch of Array.isArray(schema.anyOf) ? schema.anyOf : []) visit(branch, path, depth)
    countValues(schema, path)
  }
  const countValues = (schema: JsonObject, path: string): void => {
    if (typeof schema.const === 'string') chars += schema.const.length
    if (!Array.isArray(schema.enum)) return
    const size = schema.enum.reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
      0,
    )
    enumValues += schema.enum.length
    chars += size
    if (schema.enum.length > LARGE_ENUM && size > MAX_LARGE_ENUM_CHARS) {
      exceed(
        path,
        `an enum of ${schema.enum.length} values and ${size} characters`,
        'take a string and check it yourself',
      )
    }
  }

  visit(root, '', 0)
  for (const [name, def] of Object.entries(defs)) {
    chars += name.length
    visit(def, `$defs.${name}`, 0)
  }
  if (properties > MAX_PROPERTIES)
    exceed('', `${properties} properties (at most ${MAX_PROPERTIES})`, 'split the tool')
  if (enumValues > MAX_ENUM_VALUES)
    exceed(
      '',
      `${enumValues} enum values (at most ${MAX_ENUM_VALUES})`,
      'take strings and check them yourself',
    )
  if (chars > MAX_NAME_CHARS)
    exceed('', `${chars} characters of names and values (at most ${MAX_NAME_CHARS})`, 'shorten them')
  return found
}
