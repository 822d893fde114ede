import type { McpListedTool } from '@antiphon/client'
import type { McpLimits } from '../connection/limits.ts'
import { plainText } from '../plain-text.ts'

/** Levels of a schema. Everything that walks it later may stand on this. */
const MAX_DEPTH = 64
const MAX_NAME = 256

/** A tool as a server told it, or why it cannot be offered. Its schema is passed on as it came. */
export const readListedTool = (
  raw: unknown,
  limits: Pick<Required<McpLimits>, 'maxSchemaChars' | 'maxDescriptionChars'>,
): { readonly tool: McpListedTool } | { readonly problem: string } => {
  if (!isObject(raw)) return { problem: 'something in its list is no tool' }
  const { name, description, inputSchema, annotations, title } = raw
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME)
    return { problem: `a tool of its list has no name of 1–${MAX_NAME} characters` }
  const called = plainText(name, MAX_NAME)
  if (!isObject(inputSchema) || inputSchema.type !== 'object')
    return { problem: `${called}: its input schema is no object schema` }
  if (isDeeperThan(inputSchema, MAX_DEPTH)) return { problem: `${called}: its schema is too deep` }
  if (JSON.stringify(inputSchema).length > limits.maxSchemaChars)
    return { problem: `${called}: its schema has more than ${limits.maxSchemaChars} characters` }
  const text = typeof description === 'string' ? description : typeof title === 'string' ? title : undefined
  const hints = readAnnotations(annotations)
  return {
    tool: {
      name,
      ...(text === undefined ? {} : { description: plainText(text, limits.maxDescriptionChars) }),
      input_schema: inputSchema,
      ...(hints === undefined ? {} : { annotations: hints }),
    },
  }
}

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const

/** The hints of the protocol, in one order; nothing else of it is passed on. */
const readAnnotations = (annotations: unknown): Record<string, boolean> | undefined => {
  if (!isObject(annotations)) return undefined
  const hints = HINTS.flatMap((hint) => {
    const value = annotations[hint]
    return typeof value === 'boolean' ? [[hint, value] as const] : []
  })
  return hints.length === 0 ? undefined : Object.fromEntries(hints)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Without recursion: the depth is what is in doubt. */
const isDeeperThan = (value: unknown, most: number): boolean => {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}
