import { joinPath } from './schema-error.ts'

/** A place in a schema that JSON cannot say, and what it is. */
export interface Inexpressible {
  readonly path: string
  /** Such as `date`, `bigint`, `map`. */
  readonly kind: string
}

/** What the search needs to know about one node of a schema library. */
export interface SchemaReading {
  /** Kind of the node in the words of `REMEDIES`, when JSON cannot say it. */
  readonly inexpressible?: string
  /** Sub-schemas with their step: a property name, `[]`, or empty when the place is the same. */
  readonly children: readonly (readonly [step: Step, schema: unknown])[]
}
/** How a sub-schema is reached: by property, as array element, as any other key, or without a step. */
export type Step = { readonly key: string } | 'element' | 'any key' | 'same'

const extend = (path: string, step: Step): string => {
  if (step === 'same') return path
  if (step === 'element') return `${path}[]`
  return joinPath(path, step === 'any key' ? '*' : step.key)
}

/** Finds the first place that JSON cannot say; each node is looked at once, so recursive schemas end. */
export const findInexpressible = (
  root: unknown,
  read: (schema: unknown) => SchemaReading,
): Inexpressible | undefined => {
  const seen = new Set<unknown>()
  const search = (schema: unknown, path: string): Inexpressible | undefined => {
    if (seen.has(schema)) return undefined
    seen.add(schema)
    const { inexpressible, children } = read(schema)
    if (inexpressible !== undefined) return { path, kind: inexpressible }
    for (const [step, child] of children) {
      const found = search(child, extend(path, step))
      if (found) return found
    }
    return undefined
  }
  return search(root, '')
}

const REMEDIES: Readonly<Record<string, string>> = {
  date: 'use z.iso.date() or z.string()',
  bigint: 'use z.string() or z.int()',
  map: 'use z.record() or an array of objects',
  set: 'use z.array()',
  undefined: 'use .optional() on the property',
  void: 'use .optional() on the property, or leave it out',
  'literal undefined': 'use .optional() on the property',
  'literal bigint': 'use a string or a number',
  'literal symbol': 'use a string',
  symbol: 'use z.enum() or z.literal()',
  function: 'leave it out: a model can only send JSON',
  nan: 'use z.number().nullable()',
  file: 'use z.string() with a path, a URL or base64',
  custom: 'use a JSON type with .refine()',
  transform: 'start with a JSON type: z.string().transform(…) or z.string().pipe(…)',
  'symbol key': 'use string keys',
}

/** What to do about a kind of node that JSON cannot say. */
export const remedyFor = (kind: string): string => REMEDIES[kind] ?? 'use a JSON type'
