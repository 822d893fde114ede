import type { ContextParameters } from './request-context.ts'
import type { DeliveryParameters } from './request-delivery.ts'
import type { OutputParameters } from './request-output.ts'
import type { ToolParameters } from './request-tools.ts'

/**
 * Body of `POST /responses`. What is not set is not sent.
 *
 * An endpoint's own parameters may be added: `const request: ResponseRequest & { top_k: number } = …`.
 * Source: Responses API, `CreateResponse`; CometAPI; Open Responses.
 */
export interface ResponseRequest
  extends ContextParameters,
    OutputParameters,
    ToolParameters,
    DeliveryParameters {}
