// Agents

export { type AgentChanges, adaptAgent } from './agent/adapt-agent.ts'
export { type Agent, agent } from './agent/agent.ts'
export type { AgentOptions, OutputOf, StopCondition } from './agent/agent-options.ts'
export type { AgentToolOptions } from './agent/agent-tool.ts'
export type { CallGate, GatedCall } from './context/call-gate.ts'
export type { TurnInfo, TurnOverrides } from './context/turn-hooks.ts'
export { hasCalled } from './context/turn-hooks.ts'

// Tools

export type { JsonObject, JsonValue } from './schema/json.ts'
export { jsonSchema } from './schema/json-schema.ts'
export type { ParseResult, SchemaIssue } from './schema/parse-result.ts'
export type { InferInput, InferOutput, Schema } from './schema/schema.ts'
export { SchemaError } from './schema/schema-error.ts'
export type { WireSchema } from './schema/wire-schema.ts'
export { createToolQueue, type ToolQueue } from './tools/run-queue.ts'
export {
  customTool,
  type Effect,
  type Tool,
  ToolFailed,
  type ToolOptions,
  type ToolOutput,
  type ToolPolicy,
  ToolRetry,
  tool,
  toolOutput,
} from './tools/tool.ts'
export type { ToolContext } from './tools/tool-context.ts'
export type { ToolRate } from './tools/tool-slots.ts'

// Built-in tools

export {
  type BuiltInContext,
  type BuiltInHost,
  type BuiltInTool,
  isBuiltIn,
  type OpenedBuiltIn,
  type RunsWhere,
} from './built-in/built-in.ts'
export {
  type BuiltInEndpoint,
  type EndpointCall,
  type EndpointReply,
  WireRefusal,
} from './built-in/endpoint.ts'
export { callInHistory, historyOf, toKept, toShown, withHistory } from './built-in/item-history.ts'
export type { AnsweredShownCall, ItemEvent, ItemView, ShownCall } from './built-in/item-view.ts'
export {
  type BuiltInSet,
  type DeclaredBuiltIn,
  type OpenBuiltIn,
  openBuiltIns,
  replayItems,
  runsHosted,
} from './built-in/open-built-ins.ts'

// Runs

export type { LimitName, Limits, OnLimit } from './budget/limits.ts'
export type { Usage } from './budget/usage.ts'
export type { RunOptions, RunStateMode } from './context/run-options.ts'
export type {
  AgentChangedEvent,
  AgentEvent,
  BuiltInOpenedEvent,
  LimitReachedEvent,
  LoopEvent,
  RunEndedEvent,
  RunEvent,
  RunResumedEvent,
  RunStartedEvent,
  ToolDiscardedEvent,
  ToolEndedEvent,
  ToolOutcome,
  ToolPendingEvent,
  ToolProgressEvent,
  ToolQueuedEvent,
  ToolStartedEvent,
  TurnEndedEvent,
  TurnStartedEvent,
} from './events/events.ts'
export type { Stop } from './events/stop.ts'
export type { WarningCode, WarningEvent } from './events/warning.ts'
export type { RunResult } from './run/result.ts'
export type { Run, RunListener } from './run/run.ts'
export type { RunInput } from './run/run-input.ts'

// Approvals and state

export {
  answer,
  approve,
  callHash,
  type Decision,
  type DecisionTarget,
  type PendingCall,
  reject,
} from './approval.ts'
export type { RunState, SavedCall } from './state/run-state.ts'

// Models

export { type AsModelOptions, asModel, type NamedAgent } from './agent/as-model.ts'
export type { EncodedInput, EventSink, Model, ModelCapabilities, ModelContext } from './model.ts'
export { type ChatCompletionsOptions, chatCompletions } from './models/chat-completions/chat-completions.ts'
export { DEFAULT_MODEL, defaultModel } from './models/default-model.ts'
export { fromIterable } from './models/from-iterable.ts'
export { type OfflineOptions, offline } from './models/offline/offline.ts'
export { type ResponsesOptions, responses } from './models/responses.ts'

// Middleware

export { type CachedOptions, type CacheStore, cached } from './middleware/cached.ts'
export { type CompactOptions, compact } from './middleware/compact.ts'
export { type FallbackOptions, fallback } from './middleware/fallback.ts'
export { type GuardOptions, guard } from './middleware/guard.ts'
export type { InputCheck, InputGuard } from './middleware/guard-input.ts'
export type { OutputCheck, OutputGuard } from './middleware/guard-output.ts'
export type { CallVerdict, ResultVerdict, ToolGuard } from './middleware/guard-tool.ts'
export type { Middleware, ToolCall, ToolHandler } from './middleware/middleware.ts'
export { type RedactOptions, redact } from './middleware/redact.ts'
export type { RedactName, RedactText } from './middleware/redact-patterns.ts'
export { type RetryOptions, retry } from './middleware/retry.ts'
export { SUMMARY_INSTRUCTIONS, summarize } from './middleware/summarize.ts'
export { type TrimHistoryOptions, trimHistory } from './middleware/trim-history.ts'
export type { Verdict } from './middleware/verdict.ts'

// History, prices

export { PRICES } from './budget/price-table.ts'
export type { Price, PriceTable } from './budget/prices.ts'
export { estimateTokens } from './history/estimate-tokens.ts'
export { withOwnIds } from './history/own-ids.ts'
export { repairItems } from './history/repair-items.ts'
export { type HistoryProblem, validateItems } from './history/validate-items.ts'

// Errors

export { AntiphonError, isAntiphonError } from '@antiphon/client'
export { JournalError, type JournalErrorCode, type JournalErrorOptions } from './errors/journal-error.ts'
export { ConfigError, GuardError, HookError, LimitError, OutputError, ResponseFailedError } from './errors.ts'

// What survives a process: the log of a run, and where it is kept.
export { decisionRecords } from './journal/decide.ts'
export { type ForkOptions, fork } from './journal/fork.ts'
export type { Journal, StepInfo, StepOptions } from './journal/journal.ts'
export { formatLog, formatRecord, type ParsedLog, parseLog } from './journal/jsonl.ts'
export {
  type EndValue,
  type ItemPlace,
  LOG_VERSION,
  type LogRecord,
  type ModelAbout,
  type NewRecord,
  type RecordKind,
  type RecordValues,
  type RunStart,
  type SessionStart,
  type StateStart,
  type ToolAbout,
  type ToolValue,
  type WaitValue,
} from './journal/log-record.ts'
export { type MemoryRunsOptions, memoryRuns } from './journal/memory-runs.ts'
export { type Recording, type RecordOptions, record } from './journal/record.ts'
export { createLogRedactor, type LogRedactor, type LogRedactorOptions } from './journal/redact-log.ts'
export { replay } from './journal/replay.ts'
export { type RecordedCall, requestsOf } from './journal/requests-of.ts'
export { runRefusals } from './journal/run-refusals.ts'
export type {
  FollowedEvent,
  OpenOptions,
  OpenRun,
  RunStatus,
  RunStore,
  RunSummary,
} from './journal/run-store.ts'
export type { ReplayOptions } from './journal/tape.ts'
export { RunError } from './run/run-error.ts'

// Sessions: the history that several runs share.
export { memorySession, memorySessions } from './session/memory-sessions.ts'
export type {
  HistoryPoint,
  OpenSession,
  Session,
  SessionOpenOptions,
  SessionOptions,
} from './session/session.ts'
export { checkSessionId, sessionRefusals } from './session/session-refusals.ts'
export type { SessionListOptions, SessionSummary, Sessions } from './session/sessions.ts'
