import { errorText } from '../errors/error-text.ts'
import { toJsonDocument } from './convert.ts'
import { describeIssue } from './describe-issue.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { type ParseResult, parseFailure } from './parse-result.ts'
import { type ResolvedSchema, rootAsDefinition, withDefs } from './references.ts'
import { createRestore } from './restore.ts'
import type { InferOutput, Schema, StandardResult } from './schema.ts'
import { placeIn, SchemaError, type SchemaUse } from './schema-error.ts'
import { isStrictProblem, toStrict } from './strict.ts'
import { createValidate } from './validate.ts'

/** A schema made ready for the wire, once per tool or output. */
export interface WireSchema<Output> {
  /** What is sent as `parameters`, or as `text.format.schema`; an object at its root. */
  readonly jsonSchema: JsonObject
  /** Whether `strict: true` may be sent with it. */
  readonly strict: boolean
  /**
   * Validates a parsed JSON value; returns a promise only when the schema needs one. Never throws and never rejects.
   *
   * Restores first what strict mode changed: null becomes "absent" where a key is optional and does not take null, and an
   * output that was wrapped as `{ value }` is unwrapped.
   */
  parse(value: unknown): ParseResult<Output> | Promise<ParseResult<Output>>
}

/** How a schema goes onto the wire. */
export interface WireSchemaOptions extends SchemaUse {
  /**
   * `true` demands strict mode, `false` sends the schema as it is, `'auto'` is strict where the schema can be said so.
   * @defaultValue 'auto'
   */
  readonly strict?: boolean | 'auto'
}

const EMPTY: JsonObject = { type: 'object', properties: {}, required: [], additionalProperties: false }
const WRAPPER = 'value'

const isObjectRoot = ({ root }: ResolvedSchema): boolean =>
  root.type === 'object' &&
  !['anyOf', 'oneOf', 'allOf', 'enum', 'const', 'not'].some((keyword) => keyword in root)

const rootKind = ({ root }: ResolvedSchema): string => {
  if (root.anyOf ?? root.oneOf) return 'a union'
  if (root.allOf) return 'an intersection'
  return typeof root.type === 'string' ? `of type ${root.type}` : 'not of one type'
}

const wrap = (document: ResolvedSchema): ResolvedSchema => {
  const { root, defs } = rootAsDefinition(document)
  return {
    root: {
      type: 'object',
      properties: { [WRAPPER]: root },
      required: [WRAPPER],
      additionalProperties: false,
    },
    defs,
  }
}

/** Takes an output out of its wrapper; a server that ignores the format may have sent it bare. */
const unwrap = (value: unknown): unknown =>
  isJsonObject(value) && Object.hasOwn(value, WRAPPER) && Object.keys(value).length === 1
    ? value[WRAPPER]
    : value

const onWire = (
  document: ResolvedSchema,
  options: WireSchemaOptions,
): { document: ResolvedSchema; strict: boolean } => {
  const { strict = 'auto' } = options
  if (strict === false) return { document, strict }
  const result = toStrict(document)
  if (!isStrictProblem(result)) return { document: result, strict: true }
  if (strict === 'auto') return { document, strict: false }
  const { path, what, remedy } = result
  throw new SchemaError(
    path,
    `${placeIn(options, path)} has ${what}, which strict: true can't say; ${remedy}, or use strict: 'auto'.`,
  )
}

const createParse = <Output>(
  schema: Schema<Output>,
  restore: ((value: unknown) => unknown) | undefined,
  wrapped: boolean,
) => {
  const validate = createValidate(schema)
  const prefix = wrapped ? [WRAPPER] : []
  const finish = (result: StandardResult<Output>, value: unknown): ParseResult<Output> =>
    result.issues
      ? parseFailure(result.issues.map((issue) => describeIssue(issue, value, prefix)))
      : { ok: true, value: result.value }
  const crashed = (error: unknown): ParseResult<Output> =>
    parseFailure([{ path: '', message: `The schema threw: ${errorText(error)}` }])

  return (value: unknown): ParseResult<Output> | Promise<ParseResult<Output>> => {
    try {
      const bare = wrapped ? unwrap(value) : value
      const input = restore ? restore(bare) : bare
      const result = validate(input)
      return 'then' in result ? result.then((late) => finish(late, input), crashed) : finish(result, input)
    } catch (error) {
      return crashed(error)
    }
  }
}

/**
 * Makes a schema ready for the wire: says it as JSON Schema, in strict form where it can be, and prepares the way back.
 *
 * Without a schema: no arguments. A tool's root must be an object; an output of another kind travels as `{ value }`.
 *
 * @throws SchemaError (`schema_not_expressible`) when JSON Schema cannot say it, naming the path and what to use instead.
 */
export function toWireSchema<S extends Schema>(
  schema: S,
  options: WireSchemaOptions,
): WireSchema<InferOutput<S>>
export function toWireSchema<S extends Schema>(
  schema: S | undefined,
  options: WireSchemaOptions,
): WireSchema<InferOutput<S> | Record<string, never>>
export function toWireSchema(schema: Schema | undefined, options: WireSchemaOptions): WireSchema<unknown> {
  if (schema === undefined) {
    return { jsonSchema: EMPTY, strict: options.strict !== false, parse: () => ({ ok: true, value: {} }) }
  }
  const document = toJsonDocument(schema, options)
  const wrapped = !isObjectRoot(document)
  if (wrapped && options.kind === 'tool') {
    throw new SchemaError(
      '',
      `${placeIn(options, '')} is ${rootKind(document)}; the arguments of a tool are an object, so put it into a property: z.object({ choice: … }).`,
    )
  }
  const wire = onWire(wrapped ? wrap(document) : document, options)
  return {
    jsonSchema: withDefs(wire.document),
    strict: wire.strict,
    parse: createParse(schema, createRestore(document, { closed: wire.strict }), wrapped),
  }
}
