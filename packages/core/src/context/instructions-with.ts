import type { AgentSpec } from './agent-spec.ts'

type Instructions = NonNullable<AgentSpec['instructions']>

/** System text behind an agent's own. */
export const instructionsWith = (own: AgentSpec['instructions'], more: string): Instructions => {
  if (own === undefined) return more
  if (typeof own === 'string') return `${own}\n\n${more}`
  return async (info) => `${await own(info)}\n\n${more}`
}
