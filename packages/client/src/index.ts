// Errors

export { AbortedError } from './errors/aborted-error.ts'
export { ApiError, type ApiErrorCode, type ApiErrorOptions } from './errors/api-error.ts'
export {
  ConnectionError,
  type ConnectionErrorOptions,
  type ConnectionFailure,
} from './errors/connection-error.ts'
export { type TimeoutCode, TimeoutError } from './errors/timeout-error.ts'
export { AntiphonError, type AntiphonErrorOptions, isAntiphonError } from './errors.ts'

// Protocol: content and items

export type {
  Annotation,
  ContainerFileCitation,
  FileCitation,
  FilePath,
  UnknownAnnotation,
  UrlCitation,
} from './protocol/annotations.ts'
export type { CompactionItem } from './protocol/compaction-item.ts'
export type {
  ComputerAction,
  ComputerCall,
  ComputerCallOutput,
  ComputerSafetyCheck,
  ComputerScreenshot,
  HeldKeys,
} from './protocol/computer-items.ts'
export type {
  ContentPart,
  InputContent,
  InputFile,
  InputImage,
  InputText,
  Logprob,
  OutputContent,
  OutputText,
  PromptCacheBreakpoint,
  ReasoningText,
  Refusal,
  SummaryText,
  TopLogprob,
  UnknownContent,
} from './protocol/content.ts'
export type {
  CustomToolCall,
  CustomToolCallOutput,
  FunctionCall,
  FunctionCallOutput,
  ItemStatus,
  ToolCaller,
} from './protocol/function-items.ts'
export type {
  CodeInterpreterCall,
  CodeInterpreterOutput,
  FileSearchCall,
  FileSearchResult,
  ImageGenerationCall,
  WebSearchActionFindInPage,
  WebSearchActionOpenPage,
  WebSearchActionSearch,
  WebSearchCall,
} from './protocol/hosted-items.ts'
export type {
  CompactionTrigger,
  ComputerCallOutputInput,
  EasyInputMessage,
  InputItem,
  InputMessage,
  ItemReference,
  Replayed,
  Sent,
  ShellCallInput,
  ShellCallOutputInput,
  ToolSearchCallInput,
  ToolSearchOutputInput,
} from './protocol/input-items.ts'
export type {
  McpApprovalRequest,
  McpApprovalResponse,
  McpCall,
  McpCallError,
  McpListedTool,
  McpListTools,
} from './protocol/mcp-items.ts'
export type { ExtensionType, OpenString } from './protocol/open.ts'
export {
  type KnownOutputItem,
  OUTPUT_ITEM_TYPES,
  type OutputItem,
  type OutputMessage,
  type ReasoningItem,
  type UnknownItem,
} from './protocol/output-items.ts'
export type { Program, ProgramOutput } from './protocol/program-items.ts'
export type {
  ApplyPatchCall,
  ApplyPatchCallOutput,
  ApplyPatchOperation,
  LocalShellAction,
  LocalShellCall,
  LocalShellCallOutput,
  ShellAction,
  ShellCall,
  ShellCallOutput,
  ShellCommandOutput,
  ShellEnvironment,
} from './protocol/shell-items.ts'
export type {
  AdditionalTools,
  MessageRole,
  ToolSearchCall,
  ToolSearchExecution,
  ToolSearchOutput,
} from './protocol/tool-search-items.ts'

// Protocol: tools

export type {
  ContainerAuto,
  ContainerReference,
  InlineSkill,
  NetworkPolicy,
  SkillReference,
} from './protocol/containers.ts'
export type {
  ApproximateLocation,
  CodeInterpreterContainer,
  CodeInterpreterTool,
  ComparisonFilter,
  CompoundFilter,
  FileRankingOptions,
  FileSearchTool,
  ImageGenerationTool,
  WebSearchPreviewTool,
  WebSearchTool,
} from './protocol/hosted-tools.ts'
export type { McpTool, McpToolFilter } from './protocol/mcp-tool.ts'
export type {
  ApplyPatchTool,
  ComputerTool,
  ComputerUsePreviewTool,
  LocalEnvironment,
  LocalShellTool,
  ShellTool,
} from './protocol/shell-tools.ts'
export type { AllowedCallers } from './protocol/tool-callers.ts'
export type {
  ToolChoice,
  ToolChoiceAllowed,
  ToolChoiceCustom,
  ToolChoiceFunction,
  ToolChoiceHosted,
  ToolChoiceMcp,
  ToolChoiceMode,
} from './protocol/tool-choice.ts'
export {
  type CustomToolDefinition,
  DATED_TOOL_TYPES,
  type FunctionToolDefinition,
  type JsonSchema,
  type KnownToolDefinition,
  type NamespacedFunction,
  type NamespaceTool,
  type ProgrammaticToolCallingTool,
  TOOL_TYPES,
  type ToolDefinition,
  type ToolSearchTool,
  type UnknownTool,
} from './protocol/tools.ts'

// Protocol: request and response

export type { ErrorBody, ErrorDetail } from './protocol/error-body.ts'
export type { Metadata } from './protocol/metadata.ts'
export type { ModerationResult } from './protocol/moderation.ts'
export type { ReasoningEffort, ReasoningOptions, ReasoningSummary } from './protocol/reasoning-options.ts'
export type { ResponseRequest } from './protocol/request.ts'
export type { ContextManagement, ContextParameters, PromptTemplate } from './protocol/request-context.ts'
export type {
  DeliveryParameters,
  ModerationPolicy,
  PromptCacheOptions,
  PromptCacheRetention,
  ServiceTier,
} from './protocol/request-delivery.ts'
export type { Includable, OutputParameters } from './protocol/request-output.ts'
export type { ToolParameters } from './protocol/request-tools.ts'
export type {
  IncompleteDetails,
  Response,
  ResponseError,
  ResponseErrorCode,
  ResponseStatus,
} from './protocol/response.ts'
export type { JsonObjectFormat, JsonSchemaFormat, TextFormat, TextOptions } from './protocol/text-options.ts'
export type { ResponseUsage } from './protocol/usage.ts'

// Protocol: stream events

export type {
  CallEvent,
  CodeInterpreterCallCodeDeltaEvent,
  CodeInterpreterCallCodeDoneEvent,
  CustomToolCallInputDeltaEvent,
  CustomToolCallInputDoneEvent,
  FunctionCallArgumentsDeltaEvent,
  FunctionCallArgumentsDoneEvent,
  ImageGenerationCallPartialImageEvent,
  McpCallArgumentsDeltaEvent,
  McpCallArgumentsDoneEvent,
  ShellCallCommandAddedEvent,
  ShellCallCommandDeltaEvent,
  ShellCallCommandDoneEvent,
  ShellCallOutputContentDeltaEvent,
  ShellCallOutputContentDoneEvent,
  ShellCommandEventBase,
} from './protocol/call-events.ts'
export type {
  DialectEvent,
  ReasoningDeltaEvent,
  ReasoningDoneEvent,
  ReasoningPartEvent,
  ResponseCancelledEvent,
} from './protocol/dialect-events.ts'
export type {
  ContentEventBase,
  EventBase,
  ItemEventBase,
  Obfuscated,
  SummaryEventBase,
} from './protocol/event-parts.ts'
export { isKnownEvent, STREAM_EVENT_TYPES } from './protocol/event-types.ts'
export type {
  ErrorEvent,
  KnownEvent,
  OutputItemAddedEvent,
  OutputItemDoneEvent,
  ResponseCompletedEvent,
  ResponseCreatedEvent,
  ResponseEvent,
  ResponseFailedEvent,
  ResponseIncompleteEvent,
  ResponseInProgressEvent,
  ResponseQueuedEvent,
  TerminalEvent,
  UnknownEvent,
} from './protocol/events.ts'
export type { ProgressEvent, ProgressEventOf, ProgressEventType } from './protocol/progress-events.ts'
export { isTerminalEvent } from './protocol/terminal-event.ts'
export type {
  AudioDeltaEvent,
  AudioDoneEvent,
  AudioTranscriptDeltaEvent,
  AudioTranscriptDoneEvent,
  ContentPartAddedEvent,
  ContentPartDoneEvent,
  OutputTextAnnotationAddedEvent,
  OutputTextDeltaEvent,
  OutputTextDoneEvent,
  ReasoningSummaryPartAddedEvent,
  ReasoningSummaryPartDoneEvent,
  ReasoningSummaryTextDeltaEvent,
  ReasoningSummaryTextDoneEvent,
  ReasoningTextDeltaEvent,
  ReasoningTextDoneEvent,
  RefusalDeltaEvent,
  RefusalDoneEvent,
  TextEvent,
} from './protocol/text-events.ts'

// Protocol: stored responses, conversations, compaction, counting

export type { CompactedResponse, CompactRequest } from './protocol/compaction.ts'
export type {
  ComputerScreenshotContent,
  Conversation,
  ConversationItem,
  ConversationItemPage,
  ConversationMessage,
  CreateConversationItemsRequest,
  CreateConversationRequest,
  DeletedConversation,
  UpdateConversationRequest,
} from './protocol/conversations.ts'
export type { InputTokenCount, InputTokensRequest } from './protocol/input-tokens.ts'
export type { ListPage, ListQuery } from './protocol/list-page.ts'
export type {
  DeletedResponse,
  RetrieveQuery,
  StoredItem,
  StoredItemPage,
} from './protocol/stored-responses.ts'

// Protocol: reading items and responses

export {
  type AnyItem,
  isCustomToolCall,
  isFunctionCall,
  isFunctionCallOutput,
  isKnownItem,
  isMcpApprovalRequest,
  isOutputMessage,
  isReasoningItem,
} from './protocol/item-guards.ts'
export { finalMessage, finalText, outputText, refusalText, type TextSource } from './protocol/output-text.ts'

// Client: endpoint and parameter checks

export { type CheckOptions, checkRequest } from './check-request.ts'
export {
  type Endpoint,
  type EndpointEnvironment,
  type EndpointHost,
  type EndpointOptions,
  resolveEndpoint,
} from './environment.ts'
export { ParameterError } from './parameter-error.ts'

// SSE codec
export { createSseDecoder, type SseDecoder, type SseDecoderOptions } from './sse/decode.ts'
export { encodeSse, encodeSseComment, SSE_DONE } from './sse/encode.ts'

// Sending: one endpoint, retries, timeouts, abort

export type { AnswerHead, Call, QueryValue, Retry, SenderOptions, Timeouts } from './send/call.ts'
export { createSender, type Sender } from './send.ts'

// Transport: one HTTP exchange behind one function type

export { type FetchTransportOptions, fetchTransport } from './transport/fetch.ts'
export { closeConnections } from './transport/pool.ts'
export type {
  ResponseHeaders,
  Transport,
  TransportHandler,
  TransportRequest,
} from './transport/transport.ts'
export { type UndiciTransportOptions, undiciTransport } from './transport/undici.ts'

// Accumulator: events to a response, and back

export { accumulate } from './accumulate/accumulate.ts'
export { type Accumulator, type AccumulatorOptions, createAccumulator } from './accumulate/accumulator.ts'
export { eventsOf } from './accumulate/events-of.ts'

// Client: a whole endpoint

export { type Client, type ClientOptions, createClient } from './client.ts'
export type { Page } from './page.ts'
export { type PollOptions, PollTimeoutError } from './poll.ts'
export type {
  AbortOptions,
  Cancel,
  CreateOptions,
  PushOptions,
  ReconnectOptions,
  RequestOptions,
  ResponseSink,
  RetrieveOptions,
  StreamOptions,
} from './request-options.ts'
export type { ConversationItems } from './resources/conversation-items.ts'
export type { Conversations } from './resources/conversations.ts'
export type { Responses, ResumeStreamOptions, WholeRequest } from './resources/responses.ts'
export { ResponseStream } from './stream.ts'
