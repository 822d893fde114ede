import { AntiphonError } from '@antiphon/client'

/** How models write calls that the server should have parsed: Hermes and Qwen, Mistral, Llama, DeepSeek and Kimi. */
const CALL_TEXT =
  /<tool_call>\s*(?:\{|<function=)|^\s*(?:\[TOOL_CALLS\]|<\|python_tag\|>|<function=[\w-]+>|<[|｜]tool[▁_]calls)/

/**
 * The error for an answer in which the calls came as text; undefined for any other.
 *
 * A server started without a parser for the model's calls sends them so; to a loop it would look like a final answer.
 */
export const callsAsText = (text: string): AntiphonError<'tool_calls_as_text'> | undefined =>
  CALL_TEXT.test(text)
    ? new AntiphonError(
        'tool_calls_as_text',
        'The model called a tool, but the server sent the call as text. Start the server with the tool parser of this model (vLLM: --enable-auto-tool-choice --tool-call-parser …; llama.cpp: --jinja).',
      )
    : undefined
