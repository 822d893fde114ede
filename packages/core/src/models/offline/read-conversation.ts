import type { ResponseRequest } from '@antiphon/client'
import { isObject, type JsonObject } from './json-schema.ts'
import { parseObject, scalarText } from './json-values.ts'

/** A call that was made in this turn, with what came of it. */
export interface MadeCall {
  readonly name: string
  readonly callId: string
  readonly args: JsonObject
  /** What the tool gave back as text; undefined when there is no output item. */
  readonly output?: string
}

/** The part of a conversation that an answer depends on. */
export interface Turn {
  /** What the user wrote since the last answer. */
  readonly question: string
  /** Calls since then, in order. */
  readonly calls: readonly MadeCall[]
  /** How many responses made those calls. */
  readonly rounds: number
  /** The last call before this turn. */
  readonly earlier?: { readonly name: string; readonly args: JsonObject }
  /** Every `call_id` and item id of the input, so that new ones differ. */
  readonly ids: ReadonlySet<string>
  readonly itemCount: number
}

/** Reads the input of a request. Knows every form of it; what it does not understand it passes over. */
export const readConversation = (request: ResponseRequest): Turn => {
  const input: unknown = request.input
  if (typeof input === 'string')
    return { question: input, calls: [], rounds: 0, ids: new Set(), itemCount: 1 }
  const items: JsonObject[] = Array.isArray(input) ? input.filter(isObject) : []
  const ids = new Set<string>()
  for (const item of items) {
    if (typeof item.call_id === 'string') ids.add(item.call_id)
    if (typeof item.id === 'string') ids.add(item.id)
  }
  const start = turnStart(items)
  const turn = items.slice(start)
  const texts = turn.filter(isUserMessage).map(textOf)
  // The reply to a question of the model is part of the sentence that it asked about.
  const asked = turn.some((item) => isMessage(item) && ASKS_BACK.test(textOf(item)))
  const question = texts.filter((text) => text.trim() !== '').join(asked ? ', ' : '\n')
  const earlier = lastCall(items, start)
  return {
    question,
    ids,
    itemCount: items.length,
    ...callsOf(turn),
    ...(earlier === undefined ? {} : { earlier }),
  }
}

const isMessage = (item: JsonObject): boolean =>
  item.type === 'message' || (item.type === undefined && 'role' in item)
const isUserMessage = (item: JsonObject): boolean => isMessage(item) && item.role === 'user'

/**
 * The turn begins at the last user message. What the user adds while calls are running (steering) belongs to the same
 * turn: nothing has been answered in between.
 */
const turnStart = (items: readonly JsonObject[]): number => {
  let start = items.findLastIndex(isUserMessage)
  for (let index = start - 1; index >= 0; index--) {
    const item = items[index]!
    if (isMessage(item) && item.role === 'assistant' && !ASKS_BACK.test(textOf(item))) break
    if (isUserMessage(item)) start = index
  }
  return Math.max(start, 0)
}

/** What this model writes when a required argument is missing; the reply then completes the question. */
const ASKS_BACK = /\bTo use \S+ I need: .+ Please tell me\./s

const lastCall = (items: readonly JsonObject[], before: number): Turn['earlier'] => {
  for (let index = before - 1; index >= 0; index--) {
    const item = items[index]!
    if (isCall(item) && typeof item.name === 'string')
      return { name: item.name, args: parseObject(item.arguments) }
  }
  return undefined
}

const isCall = (item: JsonObject): boolean => item.type === 'function_call' || item.type === 'mcp_call'

const callsOf = (turn: readonly JsonObject[]): { calls: MadeCall[]; rounds: number } => {
  const outputs = new Map<string, string>()
  for (const item of turn) {
    if (item.type === 'function_call_output' && typeof item.call_id === 'string')
      outputs.set(item.call_id, outputText(item.output))
  }
  const calls: MadeCall[] = []
  let rounds = 0
  let inRound = false
  for (const item of turn) {
    if (!isCall(item)) {
      if (item.type === 'function_call_output') inRound = false
      continue
    }
    if (!inRound) rounds++
    inRound = true
    const callId = scalarText(item.call_id ?? item.id ?? '') ?? ''
    const output = item.type === 'mcp_call' ? mcpOutput(item) : outputs.get(callId)
    calls.push({
      name: scalarText(item.name ?? '') ?? '',
      callId,
      args: parseObject(item.arguments),
      ...(output === undefined ? {} : { output }),
    })
  }
  return { calls, rounds }
}

const mcpOutput = (item: JsonObject): string | undefined => {
  if (isObject(item.error))
    return `Error: ${scalarText(item.error.message ?? undefined) ?? JSON.stringify(item.error)}`
  return typeof item.output === 'string' ? item.output : undefined
}

/** The text of a message: all its text parts, and the names of its files. */
const textOf = (item: JsonObject): string => {
  if (typeof item.content === 'string') return item.content
  return Array.isArray(item.content) ? partsText(item.content) : ''
}

const outputText = (output: unknown): string =>
  typeof output === 'string'
    ? output
    : Array.isArray(output)
      ? partsText(output)
      : output === undefined
        ? ''
        : JSON.stringify(output)

const partsText = (parts: readonly unknown[]): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return part
      if (!isObject(part)) return ''
      if (typeof part.text === 'string') return part.text
      return part.type === 'input_file' && typeof part.filename === 'string' ? part.filename : ''
    })
    .filter((text) => text !== '')
    .join('\n')
