import type { PendingCall } from 'antiphon'
import { neutralise, oneLine } from '../terminal/neutralise.ts'

const MAX_CHARS = 4000

/** The whole call, for a person to decide on: nothing is shortened below 4,000 characters, and control characters are made visible. */
export const describePending = (call: PendingCall): string => {
  const args = pretty(call.arguments)
  const shown =
    args.length <= MAX_CHARS
      ? args
      : `${args.slice(0, MAX_CHARS)}\n… (${args.length - MAX_CHARS} characters more are not shown)`
  const wants = call.kind === 'approval' ? 'wants to run' : 'needs an output from you'
  return `${oneLine(call.name, 64)} ${wants}:\n${neutralise(shown)}`
}

const pretty = (args: string): string => {
  try {
    return JSON.stringify(JSON.parse(args), null, 2)
  } catch {
    return args // text of a custom tool, or broken JSON: then as the model wrote it
  }
}

/** The edited arguments: JSON for a function, text for a custom tool. */
export const readEdited = (
  call: PendingCall,
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string } => {
  if (call.itemType === 'custom_tool_call') return { ok: true, value: text }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch (error) {
    return { ok: false, problem: `This is not JSON: ${(error as Error).message}` }
  }
}
