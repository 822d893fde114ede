import type { Schema, StandardIssue, StandardResult } from './schema.ts'
import { isZod3 } from './zod3.ts'
import { isZod4, type Zod4Schema } from './zod4.ts'

/** Validates one value; a promise only when the schema needs one. */
type Validate<Output> = (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>

interface SafeParseAsync<Output> {
  safeParseAsync(
    value: unknown,
  ): Promise<
    { success: true; data: Output } | { success: false; error: { issues: readonly StandardIssue[] } }
  >
}

/** Parts of zod 4 that run a function of the user's, which may return a promise. */
const ASYNC_TYPES: ReadonlySet<string> = new Set(['transform', 'custom', 'promise', 'function'])

const isAsyncCheck = (check: unknown): boolean =>
  (check as { _zod?: { def?: { check?: unknown } } } | undefined)?._zod?.def?.check === 'custom'

const mayBeAsync4 = (schema: unknown, seen: Set<unknown>): boolean => {
  if (Array.isArray(schema)) return schema.some((one) => mayBeAsync4(one, seen))
  if (!isZod4(schema) || seen.has(schema)) return false
  seen.add(schema)
  const { def } = schema._zod
  if (ASYNC_TYPES.has(def.type) || typeof def.transform === 'function' || def.checks?.some(isAsyncCheck))
    return true
  const children = [...Object.values(def), ...Object.values(def.shape ?? {})]
  if (def.type === 'lazy') children.push(schema._zod.innerType)
  return children.some((child) => mayBeAsync4(child, seen))
}

const mayBeAsync3 = (schema: unknown, seen: Set<unknown>): boolean => {
  if (Array.isArray(schema)) return schema.some((one) => mayBeAsync3(one, seen))
  if (!isZod3(schema) || seen.has(schema)) return false
  seen.add(schema)
  const def = schema._def
  if (def.typeName === 'ZodEffects' || def.typeName === 'ZodPromise') return true
  const children = [...Object.values(def), ...Object.values(def.shape?.() ?? {})]
  if (def.typeName === 'ZodLazy') children.push(def.getter?.())
  return children.some((child) => mayBeAsync3(child, seen))
}

const parseAsync = async <Output>(schema: unknown, value: unknown): Promise<StandardResult<Output>> => {
  const result = await (schema as SafeParseAsync<Output>).safeParseAsync(value)
  return result.success ? { value: result.data } : { issues: result.error.issues }
}

const validateMixed4 =
  <Output>(schema: Zod4Schema): Validate<Output> =>
  (value) => {
    const run = schema._zod.run({ value, issues: [] }, { async: true })
    if (run instanceof Promise) {
      // its issues have no texts yet: a second run words them
      return run.then((late) =>
        late.issues.length === 0 ? { value: late.value as Output } : parseAsync(schema, value),
      )
    }
    if (run.issues.length === 0) return { value: run.value as Output }
    return schema['~standard'].validate(value) as StandardResult<Output> | Promise<StandardResult<Output>>
  }

/**
 * The quickest way to validate with a schema that is also safe.
 *
 * zod's `~standard.validate` tries synchronously first, and when an async refinement shows up it starts again and drops the
 * first promise; should that one reject, the process ends on an unhandled rejection. So a schema that may be async is never
 * tried synchronously: zod 4 is run in async mode, which still answers at once where it can; zod 3 with refinements or
 * transforms always answers later.
 */
export const createValidate = <Output>(schema: Schema<Output>): Validate<Output> => {
  if (isZod4(schema) && mayBeAsync4(schema, new Set())) return validateMixed4<Output>(schema)
  if (isZod3(schema) && mayBeAsync3(schema, new Set())) return (value) => parseAsync<Output>(schema, value)
  const standard = schema['~standard']
  return (value) => standard.validate(value)
}
