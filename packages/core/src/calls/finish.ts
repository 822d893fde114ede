import type { FunctionCallOutput, InputContent, InputItem } from '@antiphon/client'
import { endedItems } from '../built-in/show-call.ts'
import { type Call, clearTimer, outputItem } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import type { ToolEndedEvent, ToolOutcome } from '../events/events.ts'
import { limitText, toJsonText } from '../tools/json-text.ts'
import { isToolOutput } from '../tools/tool.ts'

/** Characters of output the model sees when the tool does not say. */
const DEFAULT_OUTPUT_CHARS = 400_000

/** How an execution ended: with a value, or with a text that says why there is none. */
export type Ending = { outcome: 'ok'; value: unknown } | { outcome: Exclude<ToolOutcome, 'ok'>; text: string }

/** Gives the call its one result and tells listeners. The first caller wins: a late tool, timer or abort changes nothing. */
export const settle = (run: RunContext, call: Call, ending: Ending): void => {
  if (call.result !== undefined) return
  const ended = call.startedAt === 0 ? 0 : performance.now()
  let outcome: ToolOutcome = ending.outcome
  let details: unknown
  let ownDetails = false
  let output: FunctionCallOutput['output']
  if (ending.outcome === 'ok') {
    const tool = call.plan?.kind === 'execute' ? call.plan.tool : undefined
    const branded = isToolOutput(ending.value) ? ending.value : undefined
    details = branded === undefined ? ending.value : branded.details
    ownDetails = branded !== undefined
    const content = branded === undefined ? ending.value : branded.content
    if (branded !== undefined && isContentParts(content)) output = content
    else {
      const text = toJsonText(content)
      if (!text.ok) outcome = 'error'
      output = text.ok
        ? limitText(text.text, tool?.maxOutputChars ?? DEFAULT_OUTPUT_CHARS)
        : `Error: the tool ran, but what it returned cannot be written as JSON: ${text.reason} at ${text.path}.`
    }
  } else output = limitText(ending.text, DEFAULT_OUTPUT_CHARS)
  const edited = call.approved?.edited
  if (edited !== undefined && typeof output === 'string') {
    const text = toJsonText(edited)
    output = `(A person changed the arguments${text.ok ? ` to ${text.text}` : ''}.)\n${output}`
  }
  conclude(run, call, outcome, outputItem(call, output), details, ended, ownDetails)
}

/** Gives the call this very item as its output. */
export const settleWith = (run: RunContext, call: Call, outcome: ToolOutcome, item: InputItem): void => {
  if (call.result === undefined) conclude(run, call, outcome, item, undefined, 0)
}

/** The items that show an answered call, when its tool has a view; they are the run's from here on. */
export const showEnded = (
  run: RunContext,
  call: Call,
  ended: Pick<ToolEndedEvent, 'outcome' | 'output' | 'details'>,
): Pick<ToolEndedEvent, 'items'> | undefined => {
  const view = call.plan?.kind === 'execute' ? call.plan.tool.view : undefined
  if (view === undefined) return undefined
  const items = endedItems(view, call, ended)
  run.toolItems.push(...items)
  return { items }
}

const conclude = (
  run: RunContext,
  call: Call,
  outcome: ToolOutcome,
  item: InputItem | undefined,
  details: unknown,
  ended: number,
  ownDetails = false,
): void => {
  call.result = ownDetails ? { outcome, output: item, details } : { outcome, output: item }
  run.active.delete(call)
  clearTimer(call)
  const given = { outcome, output: item as FunctionCallOutput, ...(details === undefined ? {} : { details }) }
  const shown = showEnded(run, call, given)
  run.emit({
    type: 'tool.ended',
    callId: call.callId,
    name: call.name,
    ...given,
    ...shown,
    queuedMs: call.startedAt === 0 ? 0 : call.startedAt - call.sealedAt,
    durationMs: call.startedAt === 0 ? 0 : ended - call.startedAt,
  })
  call.finish?.()
}

const PARTS = new Set(['input_text', 'input_image', 'input_file'])

const isContentParts = (content: unknown): content is InputContent[] =>
  Array.isArray(content) &&
  content.length > 0 &&
  content.every((part: { type?: unknown } | null) => typeof part?.type === 'string' && PARTS.has(part.type))
