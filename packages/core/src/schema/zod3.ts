import type { SchemaReading, Step } from './inexpressible.ts'
import { requireFromUser } from './lazy-require.ts'
import type { Schema } from './schema.ts'

interface Zod3Def {
  readonly typeName: string
  readonly shape?: () => Readonly<Record<string, unknown>>
  readonly catchall?: unknown
  readonly type?: unknown
  readonly items?: readonly unknown[]
  readonly rest?: unknown
  readonly options?: unknown
  readonly left?: unknown
  readonly right?: unknown
  readonly valueType?: unknown
  readonly innerType?: unknown
  readonly schema?: unknown
  readonly in?: unknown
  readonly value?: unknown
  getter?(): unknown
}
interface Zod3Schema extends Schema {
  readonly _def: Zod3Def
}

/** True for a schema of zod 3. zod 4 has a `_def` too, but no `typeName` in it. */
export const isZod3 = (schema: unknown): schema is Zod3Schema =>
  typeof schema === 'object' &&
  schema !== null &&
  !('_zod' in schema) &&
  typeof (schema as { _def?: { typeName?: unknown } })._def?.typeName === 'string'

const INEXPRESSIBLE: Readonly<Record<string, string>> = {
  ZodBigInt: 'bigint',
  ZodSymbol: 'symbol',
  ZodUndefined: 'undefined',
  ZodVoid: 'void',
  ZodDate: 'date',
  ZodNaN: 'nan',
  ZodFunction: 'function',
  ZodMap: 'map',
  ZodSet: 'set',
}

/** Reads one zod 3 node for the search of what JSON cannot say; looks at what goes in, as the wire does. */
export const readZod3 = (schema: unknown): SchemaReading => {
  if (!isZod3(schema)) return { children: [] }
  const def = schema._def
  const inexpressible = INEXPRESSIBLE[def.typeName]
  if (inexpressible !== undefined) return { inexpressible, children: [] }
  const children: (readonly [Step, unknown])[] = []
  const add = (step: Step, child: unknown): void => {
    if (isZod3(child)) children.push([step, child])
  }
  if (def.typeName === 'ZodLiteral') {
    const kind = typeof def.value
    return kind === 'undefined' || kind === 'bigint' || kind === 'symbol'
      ? { inexpressible: `literal ${kind}`, children }
      : { children }
  }
  if (def.typeName === 'ZodObject') {
    for (const [key, child] of Object.entries(def.shape?.() ?? {})) add({ key }, child)
    if (isZod3(def.catchall) && def.catchall._def.typeName !== 'ZodNever') add('any key', def.catchall)
    return { children }
  }
  if (def.typeName === 'ZodLazy') add('same', def.getter?.())
  // `type` is the element of an array, and the inner schema of a brand or a promise.
  add(def.typeName === 'ZodArray' ? 'element' : 'same', def.type)
  for (const item of def.items ?? []) add('element', item)
  add('element', def.rest)
  for (const option of Array.isArray(def.options) ? def.options : []) add('same', option)
  add('same', def.left)
  add('same', def.right)
  add('any key', def.valueType)
  add('same', def.innerType)
  add('same', def.schema)
  add('same', def.in)
  return { children }
}

/** Says a zod 3 schema as JSON Schema, through `zod-to-json-schema`. */
export const zod3ToJsonSchema = (schema: Zod3Schema): Record<string, unknown> => {
  const { zodToJsonSchema } = requireFromUser('zod-to-json-schema') as {
    zodToJsonSchema(schema: Schema, options: object): Record<string, unknown>
  }
  return zodToJsonSchema(schema, { target: 'jsonSchema7', pipeStrategy: 'input', effectStrategy: 'input' })
}
