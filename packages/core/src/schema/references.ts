import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { mapSubschemas } from './subschemas.ts'

/** A JSON Schema whose references are all `#/$defs/name`, or `#` for the root. */
export interface ResolvedSchema {
  /** Without `$defs`. */
  readonly root: JsonObject
  readonly defs: Readonly<Record<string, JsonObject>>
}
/** A reference that leads nowhere, or out of the document. */
export interface BrokenReference {
  readonly broken: string
}

const decode = (segment: string): string => {
  let text = segment
  if (text.includes('%')) {
    try {
      text = decodeURIComponent(segment)
    } catch {
      text = segment
    }
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~')
}

const lookUp = (document: JsonObject, pointer: string): JsonValue | undefined => {
  let at: JsonValue | undefined = document
  for (const segment of pointer.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined
    const key = decode(segment)
    at = Object.hasOwn(at, key) ? (at as JsonObject)[key] : undefined
  }
  return at
}

const KEYWORD_SEGMENTS: ReadonlySet<string> = new Set([
  '#',
  '$defs',
  'definitions',
  'properties',
  'items',
  'anyOf',
  'allOf',
  'oneOf',
])

const nameFor = (pointer: string, taken: Readonly<Record<string, unknown>>): string => {
  const words = pointer
    .split('/')
    .map(decode)
    .filter((segment) => !KEYWORD_SEGMENTS.has(segment))
  const base =
    words
      .join('_')
      .replace(/[^A-Za-z0-9_.-]/g, '_')
      .replace(/^__proto__$/, 'proto') || 'shared'
  let name = base
  for (let n = 2; Object.hasOwn(taken, name); n++) name = `${base}_${n}`
  return name
}

/**
 * Brings every reference into `$defs`, whatever it pointed to (`#/definitions/X`, `#/properties/a/items`), since that is the
 * only place the wire's strict mode looks. Unused definitions go; a root that is only a reference is replaced by its target.
 */
export const resolveReferences = (document: JsonObject): ResolvedSchema | BrokenReference => {
  const defs: Record<string, JsonObject> = {}
  const names = new Map<string, string>()
  let broken: string | undefined

  const rewrite = (schema: JsonObject): JsonObject => {
    const { $ref } = schema
    const rest = mapSubschemas(schema, rewrite)
    if (typeof $ref !== 'string' || $ref === '#') return rest
    return { ...rest, $ref: `#/$defs/${define($ref)}` }
  }
  const define = (pointer: string): string => {
    const known = names.get(pointer)
    if (known !== undefined) return known
    const target = pointer.startsWith('#/') ? lookUp(document, pointer) : undefined
    const name = nameFor(pointer, defs)
    names.set(pointer, name)
    defs[name] = {}
    if (isJsonObject(target)) defs[name] = rewrite(target)
    else if (target !== true) broken ??= pointer
    return name
  }

  const { $defs: _defs, definitions: _definitions, $schema: _schema, $id: _id, ...bare } = document
  let root = rewrite(bare)
  for (let hops = 0; typeof root.$ref === 'string' && hops < 16; hops++) {
    const { $ref, ...siblings } = root
    const target = $ref === '#' ? undefined : defs[nameOf($ref as string)]
    if (!target) return { broken: $ref as string }
    root = { ...target, ...siblings }
  }
  return broken === undefined ? { root, defs } : { broken }
}

/** Name of the definition that a resolved reference points to. */
export const nameOf = (reference: string): string => reference.slice('#/$defs/'.length)

/** The schema as one document again. */
export const withDefs = ({ root, defs }: ResolvedSchema): JsonObject =>
  Object.keys(defs).length === 0 ? root : { ...root, $defs: defs }

/** Makes the root a definition, so that it can be wrapped without its references to `#` changing their meaning. */
export const rootAsDefinition = ({ root, defs }: ResolvedSchema): ResolvedSchema => {
  let recursive = false
  const name = nameFor('#/$defs/root', defs)
  const rewrite = (schema: JsonObject): JsonObject => {
    const copy = mapSubschemas(schema, rewrite)
    if (copy.$ref !== '#') return copy
    recursive = true
    return { ...copy, $ref: `#/$defs/${name}` }
  }
  const body = rewrite(root)
  const others = Object.fromEntries(Object.entries(defs).map(([key, def]) => [key, rewrite(def)]))
  if (!recursive) return { root, defs }
  return { root: { $ref: `#/$defs/${name}` }, defs: { ...others, [name]: body } }
}
