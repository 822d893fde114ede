// The server

export { type Server, serve } from './serve.ts'
export type { Served, ServeOptions } from './serve-options.ts'

// What answers behind it
export type { AnswerContext, Approvals, Upstream } from './upstream/upstream.ts'
