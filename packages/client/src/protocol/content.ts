import type { Annotation } from './annotations.ts'
import type { ExtensionType, OpenString } from './open.ts'

/**
 * Marks the end of a prefix that the prompt cache should keep; at most 4 are written per request.
 *
 * Source: Responses API, explicit prompt caching (`prompt_cache_options.mode: 'explicit'`).
 */
export interface PromptCacheBreakpoint {
  mode: OpenString<'explicit'>
}

/** Text given to the model, at most 10,485,760 characters. Source: Responses API, input content. */
export interface InputText {
  type: 'input_text'
  text: string
  prompt_cache_breakpoint?: PromptCacheBreakpoint | null
}

/**
 * An image given to the model, by URL, data URL or file id.
 *
 * `image_url` holds at most 20,971,520 characters. Source: Responses API, input content.
 */
export interface InputImage {
  type: 'input_image'
  /** `https:` URL or `data:` URL. */
  image_url?: string | null
  file_id?: string | null
  /** How closely the model looks. @defaultValue `'auto'` */
  detail?: OpenString<'low' | 'high' | 'auto' | 'original'> | null
  prompt_cache_breakpoint?: PromptCacheBreakpoint | null
}

/**
 * A file given to the model, by id, URL or base64 data.
 *
 * `file_data` holds at most 73,400,320 characters at OpenAI, 33,554,432 in Open Responses.
 * Source: Responses API, input content.
 */
export interface InputFile {
  type: 'input_file'
  file_id?: string | null
  filename?: string | null
  /** The file as base64 or as a `data:` URL. */
  file_data?: string | null
  file_url?: string | null
  /** How closely the model looks at the pages. @defaultValue `'auto'` */
  detail?: OpenString<'auto' | 'low' | 'high'>
  prompt_cache_breakpoint?: PromptCacheBreakpoint | null
}

/** What a server calls a part that is in no contract; passed on untouched. */
export interface UnknownContent {
  type: ExtensionType
  [field: string]: unknown
}

/** A part of what the model is given. Source: Responses API, `InputContent`. */
export type InputContent = InputText | InputImage | InputFile | UnknownContent

/** One alternative of a token, with its log probability. */
export interface TopLogprob {
  token: string
  logprob: number
  /** UTF-8 bytes of the token. */
  bytes?: number[] | null
}

/** A generated token with its log probability and its alternatives (`top_logprobs` of them). */
export interface Logprob extends TopLogprob {
  /** Streams may leave fields of them out. */
  top_logprobs?: Partial<TopLogprob>[]
}

/**
 * Text the model wrote.
 *
 * The contract requires both lists; CometAPI's own sample omits `logprobs`, and other servers `annotations`.
 * When sent back, servers differ in wanting `annotations`: send `[]`. Source: Responses API,
 * `OutputTextContent`.
 */
export interface OutputText {
  type: 'output_text'
  text: string
  annotations?: Annotation[]
  /** Filled when the request includes `message.output_text.logprobs`. */
  logprobs?: Logprob[]
}

/** The model's refusal; has no `text`. Source: Responses API, `RefusalContent`. */
export interface Refusal {
  type: 'refusal'
  refusal: string
}

/** Raw reasoning text, where the model shows it. Source: Responses API, `ReasoningTextContent`. */
export interface ReasoningText {
  type: 'reasoning_text'
  text: string
}

/** One part of the summary of the reasoning. Source: Responses API, `SummaryTextContent`. */
export interface SummaryText {
  type: 'summary_text'
  text: string
}

/** A part of an assistant message. Source: Responses API, `OutputMessageContent`. */
export type OutputContent = OutputText | Refusal | UnknownContent

/** Any part that `response.content_part.added` and `.done` may carry. */
export type ContentPart = OutputText | Refusal | ReasoningText | UnknownContent
