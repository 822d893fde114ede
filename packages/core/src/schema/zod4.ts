import type { SchemaReading, Step } from './inexpressible.ts'
import { requireFromUser } from './lazy-require.ts'
import type { Schema } from './schema.ts'

interface Zod4Def {
  readonly type: string
  readonly shape?: Readonly<Record<string, unknown>>
  readonly catchall?: unknown
  readonly element?: unknown
  readonly items?: readonly unknown[]
  readonly rest?: unknown
  readonly options?: readonly unknown[]
  readonly left?: unknown
  readonly right?: unknown
  readonly valueType?: unknown
  readonly innerType?: unknown
  readonly in?: unknown
  readonly out?: unknown
  readonly values?: readonly unknown[]
  readonly checks?: readonly unknown[]
  readonly transform?: unknown
  getter?(): unknown
}
interface Payload {
  readonly value: unknown
  readonly issues: readonly unknown[]
}
/** What is read of a zod 4 schema; `_zod` is the part its authors keep stable for libraries (zod, "For library authors"). */
export interface Zod4Schema extends Schema {
  readonly _zod: {
    readonly def: Zod4Def
    readonly toJSONSchema?: unknown
    readonly innerType?: unknown
    run(payload: Payload, context: { async: boolean }): Payload | Promise<Payload>
  }
  /** Present on classic schemas, not on `zod/mini`. */
  meta?(): object | undefined
}
type Zod4Converter = (
  schema: Schema,
  options: { io: 'input'; target: string; metadata?: { get(schema: unknown): object | undefined } },
) => Record<string, unknown>

/** True for a schema of zod 4, `zod/mini`, or `zod/v4` inside zod 3.25. */
export const isZod4 = (schema: unknown): schema is Zod4Schema =>
  typeof schema === 'object' && schema !== null && '_zod' in schema

const INEXPRESSIBLE: ReadonlySet<string> = new Set([
  'bigint',
  'symbol',
  'undefined',
  'void',
  'date',
  'nan',
  'custom',
  'function',
  'transform',
  'map',
  'set',
  'file',
])

const literalKind = (values: readonly unknown[]): string | undefined => {
  const odd = values.find(
    (value) => value === undefined || typeof value === 'bigint' || typeof value === 'symbol',
  )
  return values.length > 0 && (odd !== undefined || values.includes(undefined))
    ? `literal ${typeof odd}`
    : undefined
}

const isTransform = (schema: unknown): boolean => isZod4(schema) && schema._zod.def.type === 'transform'

/** Reads one zod 4 node for the search of what JSON cannot say; looks at what goes in, as the wire does. */
export const readZod4 = (schema: unknown): SchemaReading => {
  if (!isZod4(schema)) return { children: [] }
  const { def } = schema._zod
  if (schema._zod.toJSONSchema) return { children: [] }
  if (INEXPRESSIBLE.has(def.type)) return { inexpressible: def.type, children: [] }
  const children: (readonly [Step, unknown])[] = []
  const add = (step: Step, child: unknown): void => {
    if (child !== undefined && child !== null) children.push([step, child])
  }
  switch (def.type) {
    case 'literal':
      return { inexpressible: literalKind(def.values ?? []), children }
    case 'object':
      if (Object.getOwnPropertySymbols(def.shape ?? {}).length > 0)
        return { inexpressible: 'symbol key', children }
      for (const [key, child] of Object.entries(def.shape ?? {})) add({ key }, child)
      add('any key', def.catchall)
      break
    case 'pipe':
      add('same', isTransform(def.in) ? def.out : def.in)
      break
    case 'lazy':
      add('same', schema._zod.innerType ?? def.getter?.())
      break
    default:
      add('element', def.element)
      for (const item of def.items ?? []) add('element', item)
      add('element', def.rest)
      for (const option of def.options ?? []) add('same', option)
      add('same', def.left)
      add('same', def.right)
      add('any key', def.valueType)
      add('same', def.innerType)
  }
  return { children }
}

const TARGET = 'draft-2020-12'

/**
 * Says a zod 4 schema as JSON Schema: through `~standard.jsonSchema` where the schema has it, else through
 * `toJSONSchema` of the zod that is installed (`zod/mini`, and zod before 4.2).
 */
export const zod4ToJsonSchema = (schema: Zod4Schema): Record<string, unknown> => {
  const converter = schema['~standard'].jsonSchema
  if (converter) return converter.input({ target: TARGET })
  const zod = requireFromUser('zod/v4/core') as {
    toJSONSchema: Zod4Converter
    globalRegistry: { get(of: unknown): object | undefined }
  }
  // The required copy may not be the one that made the schema, so descriptions are asked of the schema itself.
  const metadata = {
    get: (of: unknown) => (isZod4(of) && of.meta ? of.meta() : undefined) ?? zod.globalRegistry.get(of),
  }
  return zod.toJSONSchema(schema, { io: 'input', target: TARGET, metadata })
}
