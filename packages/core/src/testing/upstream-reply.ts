import type { IncomingHttpHeaders } from 'node:http'
import type { ResponseRequest } from '@antiphon/client'
import type { SseFraming } from './frame-event.ts'
import type { ScriptEvents, ScriptParts } from './script-step.ts'
import type { WireEvent } from './wire-event.ts'

/** What a fake upstream was asked. */
export interface UpstreamRequest {
  readonly method: string
  /** Path without the query, such as `/v1/responses`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The parsed JSON; `{}` where there was none. A Chat Completions body has other fields: cast it. */
  readonly body: ResponseRequest & { [field: string]: unknown }
  /** The body as it came. */
  readonly text: string
  /** How it went: `aborted` when the client left first, `cut` when a fault or a bound ended it. */
  outcome: 'open' | 'answered' | 'aborted' | 'cut'
}

/** Everything that can go wrong with one answer. All off by default; they combine. */
export interface UpstreamFaults {
  /** Answers with this status and `body` in place of a response. */
  status?: number
  /** Sent beside, or in place of, the usual headers. */
  headers?: Readonly<Record<string, string>>
  /** The whole body: text as it is, anything else as JSON. Status 200 if none is given. */
  body?: unknown
  /** Resets the connection as soon as the request is read. */
  resetConnection?: boolean
  /** Reads the request and sends nothing, not even headers. */
  never?: boolean
  /** Wait before the headers, in ms. */
  headersDelayMs?: number
  /** Wait between the headers and the first byte of the body, in ms. */
  firstEventDelayMs?: number
  /** Wait before each further event, in ms. */
  eventDelayMs?: number
  /** Goes silent after this many events and keeps the connection open. */
  stallAfterEvents?: number
  /** Ends the body after this many bytes. */
  cutAfterBytes?: number
  /** Ends the body after this many events. */
  cutAfterEvents?: number
  /** `destroy` breaks the connection off; `end` closes the body properly, as some proxies do. @defaultValue `'destroy'` */
  cutMode?: 'destroy' | 'end'
  /** Sends the body in pieces of this many bytes. */
  chunkBytes?: number
  /** How events are written. @defaultValue `'lf'` */
  framing?: SseFraming
  /** Ends the stream with `data: [DONE]`. @defaultValue false for responses, true for chat completions */
  doneMarker?: boolean
  /** Replaces an event, drops it (undefined), or makes several of it; `k` is its zero-based place. */
  mapEvent?: (event: WireEvent, k: number) => WireEvent | readonly WireEvent[] | undefined
  /** Drops all events of these types. */
  omit?: readonly string[]
  /** Drops the terminal event. */
  noTerminal?: boolean
  /** `output` is `[]` in the terminal event. */
  emptyTerminalOutput?: boolean
  /** Item ids are others in every event. */
  changeIds?: boolean
  /** No usage: `null` (also `true`), no field at all, or counters that are null. */
  noUsage?: boolean | 'null' | 'absent' | 'null-counters'
  /** An `error` event in place of event `errorAt` and all after it: fields at the top, or in an `error` object. */
  errorEvent?: 'flat' | 'nested'
  /** @defaultValue 2 */
  errorAt?: number
  /** @defaultValue `'server_error'` */
  errorCode?: string
  /** @defaultValue `'The server had an error.'` */
  errorMessage?: string
  /** After the `error` event comes `response.failed`. */
  errorThenFailed?: boolean
}

/** Chat completion chunks, sent verbatim. */
export interface ChatChunks {
  chunks: readonly WireEvent[]
}

/** One answer of a fake upstream: text, parts of a response, its events, or only faults; with faults on top. */
export type UpstreamReply =
  | string
  | (Omit<ScriptParts, 'error'> & UpstreamFaults)
  | (Omit<ScriptEvents, 'error'> & UpstreamFaults)
  | (ChatChunks & UpstreamFaults)

/** An answer, or a function that makes it of the request; `n` counts the answers, from 0. */
export type UpstreamAnswer =
  | UpstreamReply
  | ((request: UpstreamRequest, n: number) => UpstreamReply | Promise<UpstreamReply>)
