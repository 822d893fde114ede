// The server

// Webhooks
export type { EgressPolicy } from '@antiphon/egress'
// What answers behind it
export { type AgentUpstreamOptions, agentUpstream } from './agents/agent-upstream.ts'
export type { FileOptions } from './files/file-options.ts'
export { type Server, serve } from './serve.ts'
export type { Served, ServeOptions } from './serve-options.ts'
// Who may ask, and how much
export { hashKey, type KeyLookup, type TenantKeys } from './tenants/api-keys.ts'
export type { TenantLimits } from './tenants/limits.ts'
export type { BucketRate } from './tenants/token-bucket.ts'
// Pages that use the AI SDK
export { fromUiMessages } from './ui-messages/from-ui-messages.ts'
export {
  toUiMessageChunks,
  UI_MESSAGE_STREAM_HEADERS,
  uiMessageStream,
} from './ui-messages/ui-message-stream.ts'
export { type ModelUpstreamOptions, modelUpstream } from './upstream/model-upstream.ts'
export type { AnswerContext, Approvals, Upstream } from './upstream/upstream.ts'
export type { UndeliveredWebhook, WebhooksOptions, WebhookTarget } from './webhooks/webhooks.ts'
