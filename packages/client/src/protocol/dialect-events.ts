import type { ReasoningText } from './content.ts'
import type { ContentEventBase, EventBase, Obfuscated } from './event-parts.ts'
import type { Response } from './response.ts'

/** Raw reasoning to append; the name Open Responses has for `response.reasoning_text.delta`. */
export interface ReasoningDeltaEvent extends ContentEventBase, Obfuscated {
  type: 'response.reasoning.delta'
  delta: string
}

/** Raw reasoning in whole; the name Open Responses has for `response.reasoning_text.done`. */
export interface ReasoningDoneEvent extends ContentEventBase {
  type: 'response.reasoning.done'
  text: string
}

/** A part of raw reasoning begins or is whole; from older vLLM servers. */
export interface ReasoningPartEvent extends ContentEventBase {
  type: 'response.reasoning_part.added' | 'response.reasoning_part.done'
  part: ReasoningText
}

/** Terminal: the response was cancelled; from some servers, OpenAI sends none. */
export interface ResponseCancelledEvent extends EventBase {
  type: 'response.cancelled'
  response: Response
}

/** An event of another server that means something the contract has no, or another, name for. */
export type DialectEvent =
  | ReasoningDeltaEvent
  | ReasoningDoneEvent
  | ReasoningPartEvent
  | ResponseCancelledEvent
