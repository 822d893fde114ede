/** One complaint of a schema about a value, as Standard Schema v1 words it. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What `~standard.validate` answers. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** Says a schema as JSON Schema (Standard JSON Schema v1). May throw. */
interface StandardJsonSchemaConverter {
  readonly input: (options: {
    readonly target: string
    readonly libraryOptions?: Record<string, unknown> | undefined
  }) => Record<string, unknown>
}

/** What a schema library puts under `~standard` (Standard Schema v1, and Standard JSON Schema v1 where it has that). */
interface StandardProps<Output, Input> {
  readonly version: 1
  readonly vendor: string
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  readonly jsonSchema?: StandardJsonSchemaConverter
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
}

/**
 * Any schema Antiphon accepts: zod 4 (`zod/mini` too), zod 3, a Standard Schema that can say itself as JSON Schema
 * (`~standard.jsonSchema`), or `jsonSchema({ … })` for a JSON Schema written by hand.
 */
export interface Schema<Output = unknown, Input = unknown> {
  readonly '~standard': StandardProps<Output, Input>
}

/** What a schema yields once it has parsed: defaults filled in, transforms done. */
export type InferOutput<S extends Schema> = NonNullable<S['~standard']['types']>['output']
/** What a schema accepts. */
export type InferInput<S extends Schema> = NonNullable<S['~standard']['types']>['input']
