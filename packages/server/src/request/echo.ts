import type {
  IncompleteDetails,
  OutputItem,
  ReasoningOptions,
  Response,
  ResponseError,
  ResponseRequest,
  ResponseUsage,
  TextOptions,
  ToolChoice,
} from '@antiphon/client'
import { echoTools } from './echo-tools.ts'
import { wholeUsage } from './whole-usage.ts'

/** What a response has that its request does not say. */
export interface BeginOptions {
  readonly id: string
  /** The model that answers, when the request names none or another one. */
  readonly model: string
  /** Seconds since 1970. */
  readonly createdAt: number
  /** @defaultValue `'queued'` for a background response, otherwise `'in_progress'` */
  readonly status?: 'queued' | 'in_progress'
}

/** How a response ended. */
export interface ResponseEnding {
  readonly status?: Response['status']
  /** @defaultValue `[]` */
  readonly output?: readonly OutputItem[]
  readonly usage?: ResponseUsage | null
  readonly error?: ResponseError | null
  readonly incomplete_details?: IncompleteDetails | null
  /** Seconds since 1970; kept only for a completed response. @defaultValue now */
  readonly completed_at?: number | null
  /** The tier that was used. @defaultValue the one that was asked for */
  readonly service_tier?: Response['service_tier']
  /** The model that answered. @defaultValue the one that was asked for */
  readonly model?: string
}

const echoText = (text: TextOptions | null | undefined): TextOptions => {
  const format = text?.format ?? { type: 'text' as const }
  return {
    ...text,
    format:
      format.type === 'json_schema'
        ? { ...format, description: format.description ?? '', strict: format.strict ?? false }
        : format,
    verbosity: text?.verbosity ?? 'medium',
  } as TextOptions
}

const echoReasoning = (reasoning: ReasoningOptions | null | undefined): ReasoningOptions => {
  const { effort, summary, generate_summary, ...rest } = reasoning ?? {}
  return { ...rest, effort: effort ?? null, summary: summary ?? generate_summary ?? null }
}

const echoChoice = (choice: ToolChoice | null | undefined): ToolChoice =>
  typeof choice === 'object' && choice !== null && choice.type === 'allowed_tools'
    ? ({ ...choice, mode: (choice as { mode?: string }).mode ?? 'auto' } as ToolChoice)
    : (choice ?? 'auto')

/** Fields whose absence is not `null`: shown when the request has them. */
const asAsked = (request: ResponseRequest): Partial<Response> => {
  const { conversation, prompt_cache_retention, prompt_cache_options, user, prompt, context_management } =
    request
  return {
    ...(conversation == null
      ? {}
      : { conversation: typeof conversation === 'string' ? { id: conversation } : { id: conversation.id } }),
    ...(prompt_cache_retention == null ? {} : { prompt_cache_retention }),
    ...(prompt_cache_options == null
      ? {}
      : { prompt_cache_options: { ttl: '30m', mode: 'implicit', ...prompt_cache_options } }),
    ...(user == null ? {} : { user }),
    ...(prompt == null ? {} : { prompt }),
    ...(context_management == null ? {} : { context_management }),
  }
}

/**
 * A response that has not begun to answer: every field that OpenAI's and Open Responses' readers count on, with what was asked or the default that holds.
 *
 * Secrets of tools are not in it.
 */
export const beginResponse = (
  request: ResponseRequest,
  { id, model, createdAt, status }: BeginOptions,
): Response => {
  const background = request.background ?? false
  return {
    id,
    object: 'response',
    created_at: createdAt,
    status: status ?? (background ? 'queued' : 'in_progress'),
    background,
    completed_at: null,
    error: null,
    frequency_penalty: request.frequency_penalty ?? 0,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    metadata: request.metadata ?? {},
    model,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    presence_penalty: request.presence_penalty ?? 0,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: echoReasoning(request.reasoning),
    safety_identifier: request.safety_identifier ?? null,
    service_tier: request.service_tier ?? 'auto',
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: echoText(request.text),
    tool_choice: echoChoice(request.tool_choice),
    tools: echoTools(request.tools),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? 'disabled',
    usage: null,
    ...asAsked(request),
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/**
 * A response that has ended. `completed_at` is set only when it completed. `usage` has every counter; one that answered has counters even where the upstream
 * gave none, and of one that failed or was cancelled without any it is `null`.
 */
export const endResponse = (base: Response, ending: ResponseEnding): Response => {
  const status = ending.status ?? base.status
  const hasAnswered = status === 'completed' || status === 'incomplete'
  const usage = ending.usage ?? base.usage ?? (hasAnswered ? {} : null)
  return {
    ...base,
    status,
    model: ending.model ?? base.model,
    service_tier: ending.service_tier ?? base.service_tier,
    completed_at: status === 'completed' ? (ending.completed_at ?? nowSeconds()) : null,
    output: [...(ending.output ?? [])],
    usage: usage === null ? null : wholeUsage(usage),
    error: ending.error ?? null,
    incomplete_details: status === 'incomplete' ? (ending.incomplete_details ?? null) : null,
  }
}
