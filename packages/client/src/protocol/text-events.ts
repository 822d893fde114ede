import type { Annotation } from './annotations.ts'
import type { ContentPart, Logprob, SummaryText } from './content.ts'
import type { ContentEventBase, EventBase, Obfuscated, SummaryEventBase } from './event-parts.ts'

/** A part of a message (or of raw reasoning) begins, empty. */
export interface ContentPartAddedEvent extends ContentEventBase {
  type: 'response.content_part.added'
  part: ContentPart
}

/** A part is whole. */
export interface ContentPartDoneEvent extends ContentEventBase {
  type: 'response.content_part.done'
  part: ContentPart
}

/** Text to append to an `output_text` part. */
export interface OutputTextDeltaEvent extends ContentEventBase, Obfuscated {
  type: 'response.output_text.delta'
  delta: string
  logprobs?: Logprob[]
}

/** The whole text of an `output_text` part. */
export interface OutputTextDoneEvent extends ContentEventBase {
  type: 'response.output_text.done'
  text: string
  logprobs?: Logprob[]
}

/** An annotation of an `output_text` part. */
export interface OutputTextAnnotationAddedEvent extends ContentEventBase {
  type: 'response.output_text.annotation.added'
  /** Place of the annotation in the part's list, from 0. */
  annotation_index: number
  annotation: Annotation | null
}

/** Text to append to a `refusal` part. */
export interface RefusalDeltaEvent extends ContentEventBase, Obfuscated {
  type: 'response.refusal.delta'
  delta: string
}

/** The whole text of a `refusal` part. */
export interface RefusalDoneEvent extends ContentEventBase {
  type: 'response.refusal.done'
  refusal: string
}

/** Raw reasoning to append to a `reasoning_text` part. */
export interface ReasoningTextDeltaEvent extends ContentEventBase, Obfuscated {
  type: 'response.reasoning_text.delta'
  delta: string
}

/** The whole text of a `reasoning_text` part. */
export interface ReasoningTextDoneEvent extends ContentEventBase {
  type: 'response.reasoning_text.done'
  text: string
}

/** A part of a reasoning summary begins, empty. */
export interface ReasoningSummaryPartAddedEvent extends SummaryEventBase {
  type: 'response.reasoning_summary_part.added'
  part: SummaryText
}

/** A part of a reasoning summary is whole, or was cut off (`status: 'incomplete'`). */
export interface ReasoningSummaryPartDoneEvent extends SummaryEventBase {
  type: 'response.reasoning_summary_part.done'
  part: SummaryText
  status?: 'incomplete'
}

/** Text to append to a part of a reasoning summary. */
export interface ReasoningSummaryTextDeltaEvent extends SummaryEventBase, Obfuscated {
  type: 'response.reasoning_summary_text.delta'
  delta: string
}

/** The whole text of a part of a reasoning summary. */
export interface ReasoningSummaryTextDoneEvent extends SummaryEventBase {
  type: 'response.reasoning_summary_text.done'
  text: string
}

/** Base64 audio to append. */
export interface AudioDeltaEvent extends EventBase, Obfuscated {
  type: 'response.audio.delta'
  delta: string
}

/** The audio is whole. */
export interface AudioDoneEvent extends EventBase {
  type: 'response.audio.done'
}

/** Text to append to the transcript of the audio. */
export interface AudioTranscriptDeltaEvent extends EventBase, Obfuscated {
  type: 'response.audio.transcript.delta'
  delta: string
}

/** The transcript of the audio is whole. */
export interface AudioTranscriptDoneEvent extends EventBase {
  type: 'response.audio.transcript.done'
}

/** Events about text, reasoning, annotations and audio. */
export type TextEvent =
  | ContentPartAddedEvent
  | ContentPartDoneEvent
  | OutputTextDeltaEvent
  | OutputTextDoneEvent
  | OutputTextAnnotationAddedEvent
  | RefusalDeltaEvent
  | RefusalDoneEvent
  | ReasoningTextDeltaEvent
  | ReasoningTextDoneEvent
  | ReasoningSummaryPartAddedEvent
  | ReasoningSummaryPartDoneEvent
  | ReasoningSummaryTextDeltaEvent
  | ReasoningSummaryTextDoneEvent
  | AudioDeltaEvent
  | AudioDoneEvent
  | AudioTranscriptDeltaEvent
  | AudioTranscriptDoneEvent
