import type { ResponseRequest } from '@antiphon/client'
import type { StoredApproval } from '@antiphon/store'
import type { EventSink, ModelContext, RunStore } from 'antiphon'

/** Decisions about calls of a served agent: asked for in one response, given in a later one, used once. Bound to the tenant of the request. */
export interface Approvals {
  /** @throws ConfigError when there is one of that id, used or not. */
  issue(approval: Omit<StoredApproval, 'tenant' | 'createdAt'>): Promise<void>
  /** The request for approval, when it is this tenant's and unused. */
  get(id: string): Promise<StoredApproval | undefined>
  /** Uses it up; false when somebody was faster. The response that has used it may come again. */
  use(id: string): Promise<boolean>
}

/** What an answer has at hand beside the request. */
export interface AnswerContext extends ModelContext {
  /** Whose response it is. */
  readonly tenant: string
  /** Id of the response; also of the run that is kept for it. */
  readonly responseId: string
  readonly approvals: Approvals
  /** Where the run of a background response is kept, so that it survives the process. Undefined for what dies with it, and for an upstream that does not say `keepsRuns`. */
  readonly runs?: RunStore
}

/**
 * What answers requests behind the server. The request comes with its whole history as `input`: no `previous_response_id`, no `conversation`.
 *
 * Pushes the wire events of one response, its items with dense output indexes and ids of their own; ids of the response, sequence numbers and echoed parameters are the
 * server's affair. Asked a second time after a crash (same `responseId`, `runs` given), it tells everything from the beginning again: what is recorded at once, with the same
 * item ids, and then goes on.
 */
export interface Upstream {
  /** Names that it answers to; the first is the default. */
  readonly models: readonly string[]
  answer(request: ResponseRequest, sink: EventSink, context: AnswerContext): Promise<void>
  /** Parameters of a request that it can not honour, and why. */
  readonly refuses?: Readonly<Record<string, string>>
  /** It has tools of its own, which `tool_choice` may name. @defaultValue false */
  readonly bringsTools?: boolean
  /** It knows MCP servers by their labels, so a request need not give their addresses. @defaultValue false */
  readonly namesMcpServers?: boolean
  /** It keeps the run of a background response in `context.runs`, and goes on with it when it is asked again. @defaultValue false */
  readonly keepsRuns?: boolean | ((request: ResponseRequest) => boolean)
  /** Compacts a history, where that is offered. */
  readonly compact?: (request: ResponseRequest, context: ModelContext) => Promise<readonly unknown[]>
}
