import type { OpenString } from './open.ts'
import type { JsonSchema } from './tools.ts'

/** Plain text; what a request without a format gets. */
export interface TextFormat {
  type: 'text'
}

/** Any JSON object; the input has to contain the word JSON. Not in Open Responses. */
export interface JsonObjectFormat {
  type: 'json_object'
}

/**
 * JSON that follows a schema.
 *
 * Source: Responses API, `TextResponseFormatJsonSchema`; CometAPI; Open Responses.
 */
export interface JsonSchemaFormat {
  type: 'json_schema'
  /** 1–64 characters of `a-z A-Z 0-9 _ -`. */
  name: string
  schema: JsonSchema
  description?: string
  /** Holds the model to the schema: all properties required, no additional ones. @defaultValue `false` */
  strict?: boolean | null
}

/** How the text of the answer looks. Source: Responses API, `ResponseTextParam`; CometAPI; Open Responses. */
export interface TextOptions {
  /** @defaultValue `{ type: 'text' }` */
  format?: TextFormat | JsonObjectFormat | JsonSchemaFormat
  /** How much the model says. @defaultValue `'medium'` */
  verbosity?: OpenString<'low' | 'medium' | 'high'> | null
}
