import type { RunResult } from 'antiphon'
import { oneLine } from './neutralise.ts'

/** `0.4 ms`, `23 ms`, `4.2 s`, `3 min 5 s`. */
export const formatMs = (ms: number): string => {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** `$0.0031`, `free`. */
export const formatCost = (usd: number): string =>
  usd === 0 ? 'free' : `$${usd < 0.01 ? usd.toPrecision(2) : usd.toFixed(2)}`

/** `1 turn`, `2 turns`. */
export const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`

/** A call as people write it, `read_file(path: "README.md")`, at most about `maxChars` long. Arguments that are null are left out. */
export const formatCall = (name: string, args: string, maxChars: number): string => {
  const clean = oneLine(name, 64)
  return `${clean}(${oneLine(namedArguments(args), Math.max(16, maxChars - clean.length - 2))})`
}

const namedArguments = (args: string): string => {
  let value: unknown
  try {
    value = JSON.parse(args)
  } catch {
    return args // half a JSON text, or the plain text of a custom tool
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return args
  return Object.entries(value)
    .filter(([, entry]) => entry !== null)
    .map(([key, entry]) => `${key}: ${JSON.stringify(entry)}`)
    .join(', ')
}

/** Why a run stopped, in words. */
export const describeStop = ({ stop }: Pick<RunResult<unknown>, 'stop'>): string => {
  switch (stop.reason) {
    case 'done':
      return 'done'
    case 'limit':
      return `stopped at the limit ${stop.limit} (${stop.used} of ${stop.max})`
    case 'approval':
      return `waits: ${plural(stop.pending.length, 'call')} to decide`
    case 'cancelled':
      return 'cancelled'
    case 'stop_when':
      return 'stopped by its own condition'
    case 'incomplete':
      return `incomplete: ${oneLine(stop.details, 100)}`
    case 'error':
      return 'failed'
  }
}

/** `done · 2 turns · 3 calls · 1,234 tokens (1,000 in, 234 out) · $0.0031 · 1.2 s` */
export const summaryLine = (result: RunResult<unknown>, elapsedMs: number): string => {
  const { usage, costUsd, turns, toolCalls } = result
  const tokens = `${plural(usage.totalTokens, 'token')} (${usage.inputTokens.toLocaleString('en-US')} in, ${usage.outputTokens.toLocaleString('en-US')} out)`
  return [
    describeStop(result),
    plural(turns, 'turn'),
    ...(toolCalls === 0 ? [] : [plural(toolCalls, 'call')]),
    tokens,
    ...(costUsd === undefined || costUsd === 0 ? [] : [formatCost(costUsd)]),
    formatMs(elapsedMs),
  ].join(' · ')
}
