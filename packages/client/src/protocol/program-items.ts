import type { OpenString } from './open.ts'

/**
 * JavaScript that the model wrote and the server runs; calls made by it carry `caller: { type: 'program' }`.
 *
 * Source: Responses API, programmatic tool calling.
 */
export interface Program {
  type: 'program'
  id: string
  call_id: string
  code: string
  /** Send it back unchanged. */
  fingerprint: string
}

/** What a program gave. Source: Responses API, programmatic tool calling. */
export interface ProgramOutput {
  type: 'program_output'
  id: string
  call_id: string
  result: string
  status: OpenString<'completed' | 'incomplete'>
}
