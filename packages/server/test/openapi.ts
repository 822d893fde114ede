import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Schema = Readonly<Record<string, unknown>>

/** Gives a schema by its name. */
type Schemas = (name: string) => Schema

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = process.env.ANTIPHON_OPENAPI ?? join(root, '../shared/reference/openapi')

/** A reader of YAML, which other tools bring; nothing here depends on it. */
const yaml = ((): ((text: string) => unknown) | undefined => {
  try {
    const require = createRequire(import.meta.url)
    const path = require.resolve('yaml', { paths: [join(root, 'node_modules/.pnpm/node_modules')] })
    return (require(path) as { parse: (text: string) => unknown }).parse
  } catch {
    return undefined
  }
})()

/** One schema at a time is read out of three megabytes. */
const openSchemas = (): Schemas | undefined => {
  const path = join(folder, 'openai.yaml')
  if (yaml === undefined || !existsSync(path)) return undefined
  const whole = readFileSync(path, 'utf8')
  const text = whole.slice(whole.indexOf('\n  schemas:', whole.indexOf('\ncomponents:')))
  const starts = new Map<string, [number, number]>()
  const heads = [...text.matchAll(/^ {2,4}([A-Za-z0-9_-]+):.*$/gm)]
  heads.forEach((head, index) => {
    starts.set(head[1] ?? '', [head.index, heads[index + 1]?.index ?? text.length])
  })
  const read = new Map<string, Schema>()
  return (name) => {
    const known = read.get(name)
    if (known !== undefined) return known
    const at = starts.get(name)
    if (at === undefined) throw new Error(`No schema ${name} in ${path}.`)
    const schema = (yaml(text.slice(...at)) as Record<string, Schema>)[name] as Schema
    read.set(name, schema)
    return schema
  }
}

const openResponsesSchemas = (): Schemas | undefined => {
  const path = join(folder, 'openresponses.json')
  if (!existsSync(path)) return undefined
  const { components } = JSON.parse(readFileSync(path, 'utf8')) as {
    components: { schemas: Record<string, Schema> }
  }
  return (name) => {
    const schema = components.schemas[name]
    if (schema === undefined) throw new Error(`No schema ${name} in ${path}.`)
    return schema
  }
}

const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const fits = (type: string, value: unknown): boolean =>
  typeOf(value) === type || (type === 'number' && typeof value === 'number')

const list = (value: unknown): readonly Schema[] => (Array.isArray(value) ? (value as Schema[]) : [])

/** The branch whose `type` is the value's, where branches have one. */
const branchOf = (branches: readonly Schema[], value: unknown, schemas: Schemas): Schema | undefined => {
  const { type } = (value ?? {}) as { type?: unknown }
  if (typeof type !== 'string') return undefined
  const fitting = branches.filter((branch) => typesOf(branch, schemas)?.includes(type))
  return fitting.length === 1 ? fitting[0] : undefined
}

const typesOf = (schema: Schema, schemas: Schemas): readonly unknown[] | undefined => {
  const target = typeof schema.$ref === 'string' ? schemas(schema.$ref.split('/').at(-1) as string) : schema
  const property = (target.properties as Record<string, Schema> | undefined)?.type
  return property?.const === undefined ? (property?.enum as unknown[] | undefined) : [property.const]
}

/** What is wrong with a value by a schema: the words of JSON Schema that the two files use. */
const check = (schema: Schema, value: unknown, path: string, schemas: Schemas): string[] => {
  if (value === null && schema.nullable === true) return []
  const problems: string[] = []
  if (typeof schema.$ref === 'string') {
    problems.push(...check(schemas(schema.$ref.split('/').at(-1) as string), value, path, schemas))
  }
  for (const part of list(schema.allOf)) problems.push(...check(part, value, path, schemas))
  const branches = [...list(schema.anyOf), ...list(schema.oneOf)]
  if (branches.length > 0) {
    const branch = branchOf(branches, value, schemas)
    if (branch !== undefined) problems.push(...check(branch, value, path, schemas))
    else if (branches.every((each) => check(each, value, path, schemas).length > 0)) {
      problems.push(`${path}: ${JSON.stringify(value)?.slice(0, 120)} fits no branch`)
    }
  }
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length > 0 && !types.some((type) => fits(type as string, value))) {
    problems.push(`${path}: ${typeOf(value)} is not ${types.join(' or ')}`)
    return problems
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) {
    problems.push(`${path}: ${JSON.stringify(value)} is not one of ${JSON.stringify(schema.enum)}`)
  }
  if (schema.const !== undefined && schema.const !== value) problems.push(`${path}: is not ${schema.const}`)
  if (typeof value === 'number') {
    if (typeof schema.minimum === 'number' && value < schema.minimum) problems.push(`${path}: too small`)
    if (typeof schema.maximum === 'number' && value > schema.maximum) problems.push(`${path}: too big`)
  }
  if (typeof value === 'string') {
    if (typeof schema.maxLength === 'number' && [...value].length > schema.maxLength)
      problems.push(`${path}: too long`)
    if (typeof schema.minLength === 'number' && value.length < schema.minLength)
      problems.push(`${path}: too short`)
    if (typeof schema.pattern === 'string' && !new RegExp(schema.pattern).test(value)) {
      problems.push(`${path}: does not match ${schema.pattern}`)
    }
  }
  if (Array.isArray(value)) {
    if (typeof schema.minItems === 'number' && value.length < schema.minItems)
      problems.push(`${path}: too few`)
    if (schema.items !== undefined) {
      value.forEach((item, index) => {
        problems.push(...check(schema.items as Schema, item, `${path}[${index}]`, schemas))
      })
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    problems.push(...checkObject(schema, value as Record<string, unknown>, path, schemas))
  }
  return problems
}

const checkObject = (
  schema: Schema,
  value: Record<string, unknown>,
  path: string,
  schemas: Schemas,
): string[] => {
  const problems: string[] = []
  const properties = (schema.properties ?? {}) as Record<string, Schema>
  for (const name of (schema.required ?? []) as string[]) {
    if (value[name] === undefined) problems.push(`${path}.${name}: is missing`)
  }
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    if (Object.hasOwn(properties, name)) {
      problems.push(...check(properties[name] as Schema, inner, `${path}.${name}`, schemas))
    } else if (typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null) {
      problems.push(...check(schema.additionalProperties as Schema, inner, `${path}.${name}`, schemas))
    }
  }
  return problems
}

/** Checks values against schemas of one description. */
export type OpenApi = (name: string, value: unknown) => string[]

const openApi = (label: string, schemas: Schemas | undefined): OpenApi | undefined =>
  schemas && ((name, value) => check(schemas(name), value, `${label} ${name}`, schemas))

const openAi = openSchemas()
const openResponses = openResponsesSchemas()

/** OpenAI's description; undefined when it is not there. */
export const checkOpenAi = openApi('OpenAI', openAi)
/** That of Open Responses; undefined when it is not there. */
export const checkOpenResponses = openApi('Open Responses', openResponses)

/** Names of the schemas of OpenAI's events, by their types. */
export const openAiEvents: ReadonlyMap<string, string> = new Map(
  openAi === undefined
    ? []
    : list(openAi('ResponseStreamEvent').anyOf).map((event) => {
        const name = String(event.$ref).split('/').at(-1) as string
        return [String(typesOf(event, openAi)?.[0]), name] as const
      }),
)

const STREAMING_EVENTS = [
  'ResponseCreatedStreamingEvent',
  'ResponseQueuedStreamingEvent',
  'ResponseInProgressStreamingEvent',
  'ResponseCompletedStreamingEvent',
  'ResponseFailedStreamingEvent',
  'ResponseIncompleteStreamingEvent',
  'ResponseOutputItemAddedStreamingEvent',
  'ResponseOutputItemDoneStreamingEvent',
  'ResponseReasoningSummaryPartAddedStreamingEvent',
  'ResponseReasoningSummaryPartDoneStreamingEvent',
  'ResponseContentPartAddedStreamingEvent',
  'ResponseContentPartDoneStreamingEvent',
  'ResponseOutputTextDeltaStreamingEvent',
  'ResponseOutputTextDoneStreamingEvent',
  'ResponseRefusalDeltaStreamingEvent',
  'ResponseRefusalDoneStreamingEvent',
  'ResponseReasoningSummaryDeltaStreamingEvent',
  'ResponseReasoningSummaryDoneStreamingEvent',
  'ResponseOutputTextAnnotationAddedStreamingEvent',
  'ResponseFunctionCallArgumentsDeltaStreamingEvent',
  'ResponseFunctionCallArgumentsDoneStreamingEvent',
  'ErrorStreamingEvent',
]

/** The same of Open Responses. */
export const openResponsesEvents: ReadonlyMap<string, string> = new Map(
  openResponses === undefined
    ? []
    : STREAMING_EVENTS.map((name) => [
        String(typesOf({ $ref: `#/components/schemas/${name}` }, openResponses)?.[0]),
        name,
      ]),
)

if (checkOpenAi === undefined || checkOpenResponses === undefined) {
  console.warn(
    `Not checked against OpenAPI descriptions: not all of them are in ${folder}. Set ANTIPHON_OPENAPI.`,
  )
}
