/** Bounds of what is taken from MCP servers. All have defaults. */
export interface McpLimits {
  /** To start or reach a server and to agree on the protocol. @defaultValue 20_000 */
  readonly connectTimeoutMs?: number
  /** For one call; begins anew with each progress notification. @defaultValue 60_000 */
  readonly callTimeoutMs?: number
  /** For one call, whatever progress it tells. @defaultValue 290_000 */
  readonly maxCallMs?: number
  /** Of one message of a server, in bytes; a longer one ends the connection. @defaultValue 10_485_760 */
  readonly maxMessageBytes?: number
  /** Of the text of one result, in characters; the middle of a longer one is cut. @defaultValue 200_000 */
  readonly maxResultChars?: number
  /** Of the images of one result together, in characters of base64; the others are named, not shown. @defaultValue 4_194_304 */
  readonly maxImageChars?: number
  /** Pages of one list of tools. @defaultValue 50 */
  readonly maxPages?: number
  /** Tools of one server. @defaultValue 256 */
  readonly maxTools?: number
  /** Of the schema of one tool, as JSON. @defaultValue 65_536 */
  readonly maxSchemaChars?: number
  /** Of one list of tools, as JSON. @defaultValue 1_048_576 */
  readonly maxListChars?: number
  /** Of one description; a longer one is cut. @defaultValue 4_096 */
  readonly maxDescriptionChars?: number
}

export const DEFAULT_LIMITS: Required<McpLimits> = {
  connectTimeoutMs: 20_000,
  callTimeoutMs: 60_000,
  maxCallMs: 290_000,
  maxMessageBytes: 10_485_760,
  maxResultChars: 200_000,
  maxImageChars: 4_194_304,
  maxPages: 50,
  maxTools: 256,
  maxSchemaChars: 65_536,
  maxListChars: 1_048_576,
  maxDescriptionChars: 4_096,
}
