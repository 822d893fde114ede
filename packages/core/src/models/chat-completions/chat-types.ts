/** A part of a message's content; parts of other kinds (`input_audio`, `video_url`) pass untouched. */
export type ChatContentPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: string } }
  | { type: 'file'; file: { file_data?: string; file_id?: string; filename?: string } }
  | { type: string; [field: string]: unknown }

/** A call in the history. */
export interface ChatToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
  /** Facts a provider wants back with the call, such as Gemini's thought signature. */
  extra_content?: unknown
}

/** What the model said before. */
export interface ChatAssistantMessage {
  role: 'assistant'
  /** Null beside calls. */
  content: string | null
  tool_calls?: ChatToolCall[]
  reasoning_content?: string
  reasoning?: string
}

/** A message of a request. Source: Chat Completions API, `ChatCompletionRequestMessage`. */
export type ChatMessage =
  | { role: 'system' | 'developer'; content: string }
  | { role: 'user'; content: string | ChatContentPart[] }
  | ChatAssistantMessage
  | { role: 'tool'; tool_call_id: string; content: string }

/** A declared function. */
export interface ChatTool {
  type: 'function'
  function: { name: string; description?: string; parameters: Record<string, unknown>; strict?: boolean }
}

/** Body of `POST /chat/completions` beside its messages, with whatever else the user asked to send. */
export interface ChatParameters {
  tools?: ChatTool[]
  [parameter: string]: unknown
}

/** A piece of a call; servers leave out `index`, repeat or omit `id` and `name`, and send arguments as an object. */
export interface ChatToolCallDelta {
  index?: number | null
  id?: string | null
  function?: { name?: string | null; arguments?: unknown } | null
  extra_content?: unknown
}

/** What is new in a chunk; in a whole answer, the message. */
export interface ChatDelta {
  content?: string | readonly ChatContentPart[] | null
  refusal?: string | null
  /** DeepSeek, llama.cpp, older vLLM, Moonshot, Qwen. */
  reasoning_content?: string | null
  /** Ollama, newer vLLM, OpenRouter, Groq. */
  reasoning?: unknown
  thinking?: unknown
  tool_calls?: readonly ChatToolCallDelta[] | null
  /** The form before `tool_calls`. */
  function_call?: ChatToolCallDelta['function']
  annotations?: readonly unknown[] | null
}

/** One of the answers; there is one unless `n` asked for more. */
export interface ChatChoice {
  index?: number
  delta?: ChatDelta | null
  message?: ChatDelta | null
  finish_reason?: string | null
  logprobs?: { content?: readonly unknown[] | null } | null
  /** Moonshot's place for it. */
  usage?: ChatUsage | null
  error?: unknown
}

/** Tokens spent, with the names of several servers for what came from a cache. */
export interface ChatUsage {
  prompt_tokens?: number | null
  completion_tokens?: number | null
  total_tokens?: number | null
  prompt_tokens_details?: { cached_tokens?: number | null; cache_write_tokens?: number | null } | null
  completion_tokens_details?: { reasoning_tokens?: number | null } | null
  /** DeepSeek. */
  prompt_cache_hit_tokens?: number | null
  /** Moonshot. */
  cached_tokens?: number | null
}

/** A chunk of a stream, or a whole answer. Source: Chat Completions API, `chat.completion.chunk`. */
export interface ChatChunk {
  id?: string | null
  object?: string
  type?: unknown
  created?: number | null
  model?: string | null
  service_tier?: string | null
  choices?: readonly ChatChoice[] | null
  usage?: ChatUsage | null
  /** Groq's place for the usage of a stream. */
  x_groq?: { usage?: ChatUsage | null } | null
  error?: unknown
}
