import { addressOf } from '../errors/connection-error.ts'
import type { Redact } from '../errors/redact.ts'
import type { AntiphonError } from '../errors.ts'
import type { Transport, TransportRequest } from '../transport/transport.ts'
import type { Call, Timeouts } from './call.ts'

/** What is the same for every attempt of a call. */
export interface AttemptPlan {
  readonly call: Call
  readonly request: TransportRequest
  readonly transport: Transport
  readonly timeouts: Required<Timeouts>
  /** Made when there is an error to show. */
  readonly redactor: () => Redact
}

/** Who receives the answer. */
export interface Receiver {
  /** Absent when the call asks for JSON. `end` says that no further event is wanted. */
  readonly onEvent?: (event: Record<string, unknown>, end: () => void) => void
  /** A whole JSON body; undefined for an empty one. */
  readonly onJson: (body: unknown) => void
}

/** How an attempt reports; one of `succeeded`, `failed` and `broke` is called, once, unless the attempt was stopped. */
export interface AttemptOwner {
  /** Something is about to reach the receiver: from here on nothing may be repeated. */
  handingOn(): void
  /** Would a retryable failure be repeated now? */
  readonly mayRetry: boolean
  succeeded(): void
  failed(error: AntiphonError): void
  /** The receiver threw. */
  broke(error: unknown): void
}

/** The words for a call in an error: method, path without query, host and port. */
export const describeCall = (plan: AttemptPlan): string => {
  const { host, port } = addressOf(plan.request.origin)
  return `${plan.call.method} ${plan.call.path.split('?')[0]} to ${host}:${port}`
}
