/** How an answer ended: whole, cut off by a bound or a filter, or given up by the server. */
export type ChatEnding = 'whole' | 'max_output_tokens' | 'content_filter' | 'failed'

const ENDINGS = new Map<string, ChatEnding>(
  Object.entries({
    length: 'max_output_tokens',
    max_tokens: 'max_output_tokens',
    // Mistral
    model_length: 'max_output_tokens',
    content_filter: 'content_filter',
    // Gemini, Moonshot behind gateways
    safety: 'content_filter',
    sensitive: 'content_filter',
    // OpenRouter, vLLM and SGLang, DeepSeek, GLM
    error: 'failed',
    abort: 'failed',
    insufficient_system_resource: 'failed',
    network_error: 'failed',
  }),
)

/** Reads a `finish_reason`. `stop`, `tool_calls`, `function_call` and names of no contract mean that the answer is whole. */
export const endingOf = (reason: string): ChatEnding => ENDINGS.get(reason.toLowerCase()) ?? 'whole'
