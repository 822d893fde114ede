import type { TerminalEvent } from './events.ts'

/**
 * True for the event that ends a stream: completed, incomplete, failed, and `response.cancelled` of some
 * servers.
 */
export const isTerminalEvent = (event: { readonly type: string }): event is TerminalEvent =>
  event.type === 'response.completed' ||
  event.type === 'response.incomplete' ||
  event.type === 'response.failed' ||
  event.type === 'response.cancelled'
