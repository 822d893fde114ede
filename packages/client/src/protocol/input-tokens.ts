import type { OpenString } from './open.ts'
import type { ResponseRequest } from './request.ts'

/** Body of `POST /responses/input_tokens`. Source: Responses API. */
export interface InputTokensRequest
  extends Pick<
    ResponseRequest,
    | 'conversation'
    | 'instructions'
    | 'parallel_tool_calls'
    | 'previous_response_id'
    | 'reasoning'
    | 'truncation'
  > {
  model?: string | null
  input?: ResponseRequest['input'] | null
  text?: ResponseRequest['text'] | null
  tools?: ResponseRequest['tools'] | null
  tool_choice?: ResponseRequest['tool_choice'] | null
  personality?: OpenString<'friendly' | 'pragmatic'>
}

/** How many tokens the input has. Source: Responses API, `TokenCountsResource`. */
export interface InputTokenCount {
  object: 'response.input_tokens'
  input_tokens: number
}
