import type { ResponseEvent } from '@antiphon/client'
import { checkLifecycle } from 'antiphon/testing'
import { z } from 'zod'
import { checkOpenAi, checkOpenResponses, openAiEvents, openResponsesEvents } from './openapi.ts'

const counter = z.int().min(0)

const outputPart = z.union([
  z.looseObject({
    type: z.literal('output_text'),
    text: z.string(),
    annotations: z.array(z.looseObject({ type: z.string() })),
  }),
  z.looseObject({ type: z.literal('refusal'), refusal: z.string() }),
  z.looseObject({ type: z.string().regex(/:/) }),
])

const status = z.enum(['in_progress', 'completed', 'incomplete'])

/** Items by their type; of all others, the mark of their own. */
const ITEMS: Readonly<Record<string, z.ZodType>> = {
  message: z.looseObject({ role: z.literal('assistant'), content: z.array(outputPart), status }),
  reasoning: z.looseObject({
    summary: z.array(z.looseObject({ type: z.literal('summary_text'), text: z.string() })),
  }),
  function_call: z.looseObject({
    call_id: z.string().min(1).max(64),
    name: z.string().min(1),
    arguments: z.string(),
    status,
  }),
  mcp_call: z.looseObject({ server_label: z.string(), name: z.string(), arguments: z.string() }),
  mcp_approval_request: z.looseObject({ server_label: z.string(), name: z.string(), arguments: z.string() }),
}

/** An item of an output: `id` and `type`, and what its type demands. */
export const outputItemSchema = z
  .looseObject({ id: z.string().min(1), type: z.string().min(1) })
  .check((context) => {
    const schema = ITEMS[context.value.type]
    const result = schema?.safeParse(context.value)
    for (const { path, message } of result?.error?.issues ?? []) {
      context.issues.push({ code: 'custom', path, message, input: context.value })
    }
  })

const toolSchema = z.looseObject({ type: z.string() }).check(({ value, issues }) => {
  const say = (message: string): void => void issues.push({ code: 'custom', message, input: value })
  for (const name of ['headers', 'authorization']) if (name in value) say(`shows the secret '${name}'`)
  if (value.type !== 'function') return
  for (const name of ['name', 'description', 'parameters', 'strict'])
    if (!(name in value)) say(`lacks '${name}'`)
})

/** A response as this server stores it and gives it out: every field that readers count on. */
export const responseSchema = z
  .looseObject({
    id: z.string().regex(/^resp_[0-9a-zA-Z]+/),
    object: z.literal('response'),
    created_at: counter,
    completed_at: counter.nullable(),
    status: z.enum(['completed', 'failed', 'in_progress', 'cancelled', 'queued', 'incomplete']),
    incomplete_details: z.looseObject({ reason: z.string() }).nullable(),
    error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
    model: z.string(),
    previous_response_id: z.string().nullable(),
    conversation: z.looseObject({ id: z.string() }).optional(),
    instructions: z.string().nullable(),
    output: z.array(outputItemSchema),
    tools: z.array(toolSchema),
    tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
    truncation: z.enum(['auto', 'disabled']),
    parallel_tool_calls: z.boolean(),
    text: z.looseObject({
      format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }),
      verbosity: z.enum(['low', 'medium', 'high']),
    }),
    temperature: z.number(),
    top_p: z.number(),
    presence_penalty: z.number(),
    frequency_penalty: z.number(),
    top_logprobs: counter,
    reasoning: z.looseObject({ effort: z.string().nullable(), summary: z.string().nullable() }),
    usage: z
      .looseObject({
        input_tokens: counter,
        input_tokens_details: z.looseObject({ cached_tokens: counter }),
        output_tokens: counter,
        output_tokens_details: z.looseObject({ reasoning_tokens: counter }),
        total_tokens: counter,
      })
      .nullable(),
    max_output_tokens: z.int().nullable(),
    max_tool_calls: z.int().nullable(),
    store: z.boolean(),
    background: z.boolean(),
    service_tier: z.string(),
    metadata: z.record(z.string(), z.string()),
    safety_identifier: z.string().nullable(),
    prompt_cache_key: z.string().nullable(),
    user: z.string().optional(),
  })
  .check(({ value, issues }) => {
    const say = (message: string): void => void issues.push({ code: 'custom', message, input: value })
    if ((value.status === 'completed') !== (value.completed_at !== null))
      say('completed_at does not fit the status')
    if (value.status === 'completed' && value.usage === null) say('a completed response has no usage')
    if (value.status !== 'failed' && value.error !== null) say('only a failed response has an error')
    if (value.status === 'failed' && value.error === null) say('a failed response has no error')
    if (value.status !== 'incomplete' && value.incomplete_details !== null)
      say('incomplete_details does not fit')
  })

type Fields = Record<string, unknown>

const OPEN_RESPONSES_ITEMS = new Set([
  'message',
  'function_call',
  'function_call_output',
  'reasoning',
  'compaction',
])
const OPEN_RESPONSES_EFFORTS: unknown[] = ['none', 'low', 'medium', 'high', 'xhigh', null]

/** A response in the words that Open Responses has; for what it has none, the default. */
const inOpenResponses = (response: Fields): Fields => {
  const reasoning = response.reasoning as Fields
  const text = response.text as Fields
  const choice = response.tool_choice as { type?: string; tools?: Fields[] } | string
  const isForeign =
    typeof choice === 'object' &&
    choice?.type !== 'function' &&
    !(choice?.type === 'allowed_tools' && choice.tools?.every(({ type }) => type === 'function'))
  return {
    ...response,
    output: (response.output as Fields[]).filter(({ type }) => OPEN_RESPONSES_ITEMS.has(type as string)),
    tools: (response.tools as Fields[]).filter(({ type }) => type === 'function'),
    tool_choice: isForeign ? 'auto' : choice,
    reasoning: OPEN_RESPONSES_EFFORTS.includes(reasoning?.effort)
      ? reasoning
      : { ...reasoning, effort: null },
    // Its schema of an echoed JSON schema allows nothing but null.
    text:
      (text?.format as Fields)?.type === 'json_schema'
        ? { ...text, format: { ...(text.format as Fields), schema: null } }
        : text,
  }
}

/** Its description has no null for what its servers say null of until the end, and Open Responses demands it. */
const inOpenAi = ({ usage, ...response }: Fields): Fields =>
  usage === null ? response : { ...response, usage }

/**
 * What is wrong with a response; nothing for one that is as it should be. Held against our own schema, and against both OpenAPI descriptions where they are there.
 */
export const problemsOfResponse = (response: unknown): string[] => {
  const result = responseSchema.safeParse(response)
  if (!result.success) return result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  return [
    ...(checkOpenAi?.('Response', inOpenAi(response as Fields)) ?? []),
    ...(checkOpenResponses?.('ResponseResource', inOpenResponses(response as Fields)) ?? []),
  ]
}

/** An event against both descriptions, as far as they know it. */
const problemsOfEvent = (event: Fields): string[] => {
  const type = String(event.type)
  const problems: string[] = []
  if (type !== 'error' && event.error) problems.push(`${type}: a top-level error makes readers throw`)
  const openAi = openAiEvents.get(type)
  if (openAi !== undefined && event.response === undefined)
    problems.push(...(checkOpenAi?.(openAi, event) ?? []))
  const open = openResponsesEvents.get(type)
  const { item } = event as { item?: Fields }
  const isForeign = item !== undefined && !OPEN_RESPONSES_ITEMS.has(item.type as string)
  const { part, annotation } = event as { part?: Fields; annotation?: Fields }
  const isUnknown =
    part?.type === 'reasoning_text' || (annotation != null && annotation.type !== 'url_citation')
  if (open !== undefined && event.response === undefined && !isForeign && !isUnknown) {
    problems.push(...(checkOpenResponses?.(open, event) ?? []))
  }
  if (event.response !== undefined) {
    problems.push(...problemsOfResponse(event.response).map((problem) => `${type}: ${problem}`))
  }
  return problems
}

/** Which part of a stream is looked at. */
export interface EventsOptions {
  /** Number of the first event. Behind 0, the stream goes on from there, and its items are not looked at. @defaultValue `0` */
  readonly first?: number
}

const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed'])

/**
 * What is wrong with the events of one response: their order, dense indexes, ids that stay, numbers from 0 without gaps, one terminal event with the items as they were
 * done; and each event against both OpenAPI descriptions where they are there.
 */
export const problemsOfEvents = (events: readonly unknown[], { first = 0 }: EventsOptions = {}): string[] => {
  const all = events as readonly Fields[]
  const problems = all.flatMap((event) => problemsOfEvent(event))
  all.forEach(({ type, sequence_number }, index) => {
    if (sequence_number !== first + index) {
      problems.push(
        `event ${index} (${String(type)}): sequence_number ${String(sequence_number)}, expected ${first + index}`,
      )
    }
  })
  const ends = all.filter(({ type }) => TERMINAL.has(type as string))
  if (ends.length !== 1) problems.push(`${ends.length} terminal events`)
  if (ends.length > 0 && ends[0] !== all.at(-1)) problems.push('events behind the terminal one')
  if (first > 0) return problems
  const whole = ends[0]?.response as { status?: unknown; output?: unknown[] } | undefined
  const lifecycle = checkLifecycle(all as unknown as ResponseEvent[])
  // The wire has no event for it: a cancelled response ends as an incomplete one.
  problems.push(
    ...lifecycle.filter((each) => !(whole?.status === 'cancelled' && each.includes('does not fit'))),
  )
  for (const { type, item, output_index } of all as {
    type?: string
    item?: Fields
    output_index?: number
  }[]) {
    if (item !== undefined && (typeof item.id !== 'string' || item.id === ''))
      problems.push(`${type}: item without id`)
    if (type !== 'response.output_item.done' || whole === undefined) continue
    if (JSON.stringify(whole.output?.[output_index ?? -1]) !== JSON.stringify(item)) {
      problems.push(`output[${output_index}] is not the item as it was done`)
    }
  }
  return problems
}
