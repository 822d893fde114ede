export type { AnswerContext, Approvals, Upstream } from './upstream/upstream.ts'
