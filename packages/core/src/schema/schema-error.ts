import { AntiphonError } from '@antiphon/client'

/** A schema that the wire cannot carry, or not in the way asked for: thrown where the tool or the output is defined. */
export class SchemaError extends AntiphonError<'schema_not_expressible'> {
  override name = 'SchemaError'
  /** Where in the schema, such as `passengers[].birthday`; empty for the root. */
  readonly path: string

  constructor(path: string, message: string, cause?: unknown) {
    super('schema_not_expressible', message, { cause })
    this.path = path
  }
}

/** What a schema is for; decides how messages call it and what its root may be. */
export interface SchemaUse {
  readonly kind: 'tool' | 'output'
  /** Name of the tool, or of the output format. */
  readonly name: string
}

/** The subject of a message about a schema, such as `Tool "book_flight": inputSchema at "passengers[].birthday"`. */
export const placeIn = (use: SchemaUse, path: string): string => {
  const subject = use.kind === 'tool' ? `Tool "${use.name}": inputSchema` : `Output "${use.name}": schema`
  return path === '' ? `${subject} at its root` : `${subject} at "${path}"`
}

/** Joins a path and the name of a property: `passengers[]` and `name` make `passengers[].name`. */
export const joinPath = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)
