// Models that answer by a script

// Bounds and checks
export { blockNetwork, type NetworkBlock } from './block-network.ts'
export { checkLifecycle } from './check-lifecycle.ts'
export { type CollectOptions, collect } from './collect.ts'
// A server with faults
export { type FakeUpstream, type FakeUpstreamOptions, fakeUpstream } from './fake-upstream.ts'
export { SSE_FRAMINGS, type SseFraming } from './frame-event.ts'
export { lifecycleEvents } from './lifecycle-events.ts'
export {
  callItem,
  callOutputItem,
  type MakeItemOptions,
  messageItem,
  type ReasoningItemOptions,
  reasoningItem,
  refusalItem,
} from './make-items.ts'
export { schemaValue } from './schema-value.ts'
// Steps and items
export {
  call,
  calls,
  type ScriptAnswer,
  type ScriptCall,
  type ScriptEvents,
  type ScriptFunction,
  type ScriptParts,
  type ScriptStep,
  text,
} from './script-step.ts'
export { scripted } from './scripted.ts'
export type { ScriptedModel, ScriptedOptions } from './step-model.ts'
export { type TestModelOptions, testModel } from './test-model.ts'
export type {
  ChatChunks,
  UpstreamAnswer,
  UpstreamFaults,
  UpstreamReply,
  UpstreamRequest,
} from './upstream-reply.ts'
export type { WireEvent } from './wire-event.ts'
