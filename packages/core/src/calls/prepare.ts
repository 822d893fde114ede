import { callHash, type PendingCall } from '../approval.ts'
import type { LimitHit } from '../budget/purse.ts'
import { type Call, createCall, type Plan } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import { errorText } from '../errors/error-text.ts'
import { HookError } from '../errors.ts'
import type { WaitValue } from '../journal/log-record.ts'
import type { Tool } from '../tools/tool.ts'
import { createContext } from './execute.ts'
import { callKey, recordedAnswer } from './record-call.ts'

/**
 * Decides what becomes of a call: find the tool, book the call, parse, validate, ask whether it needs approval. Called in the order in which calls are sealed,
 * so that a budget falls on the same calls every time. Synchronous unless the schema or `needsApproval` is asynchronous.
 */
export const prepare = (run: RunContext, call: Call): Plan | Promise<Plan> => {
  const tool = run.agent.tools.get(call.name)
  const wrapper = tool === undefined ? unwrapParallel(call) : undefined
  if (wrapper !== undefined) return wrapper
  const refused = refuse(run, call, tool)
  if (refused !== undefined) return refused
  if (tool === undefined) return book(run, call) ?? unknownTool(run, call)
  const over = tool.ofCaller && run.answerOnly === undefined ? bookNothing(run, call) : book(run, call)
  if (over !== undefined) return over
  if (run.hiddenTools?.has(call.name)) return unknownTool(run, call)
  if (tool.handoffTo !== undefined) return { kind: 'handoff', tool }
  if (tool.schema === undefined) return gate(run, call, tool, call.arguments)
  const parsed = parseArguments(call.arguments)
  if ('problem' in parsed) return invalid(parsed.problem)
  const checked = tool.schema.parse(parsed.value)
  return checked instanceof Promise
    ? checked.then(
        (result) =>
          result.ok ? gate(run, call, tool, result.value) : invalid(describeIssues(result.message)),
        (error: unknown) => invalid(`the schema's check threw: ${errorText(error)}`),
      )
    : checked.ok
      ? gate(run, call, tool, checked.value)
      : invalid(describeIssues(checked.message))
}

/** What the caller's bounds say against it; the agent's own limits are not touched. */
const refuse = (run: RunContext, call: Call, tool: Tool | undefined): Plan | undefined => {
  const { gate } = run.agent
  if (gate === undefined || run.answerOnly !== undefined) return undefined
  const { callId, name, turn } = call
  const text = gate.admit({ callId, name, arguments: call.arguments, turn, tool })
  if (text === undefined) return undefined
  run.calledTools.push(name)
  return { kind: 'answer', outcome: 'not_executed', text }
}

const bookNothing = (run: RunContext, call: Call): undefined => {
  run.calledTools.push(call.name)
}

/** Books one call; the plan that answers it when the budget is spent. */
export const book = (run: RunContext, call: Call): Plan | undefined => {
  run.calledTools.push(call.name)
  const over = overBudget(run, call)
  if (over === undefined && run.answerOnly === undefined) return undefined
  const limit = over ?? run.answerOnly
  if (limit !== undefined) run.limitHit ??= limit
  return {
    kind: 'answer',
    outcome: 'limit',
    text: `Not executed: limit ${limit?.limit} reached (${limit?.used} of ${limit?.max}). Answer with what you have.`,
  }
}

/** Books a call; the limit that it is over. What the log says of the call counts: branches that share a budget may come in another order in a replay. */
const overBudget = (run: RunContext, call: Call): LimitHit | undefined => {
  const { journal, purse } = run
  if (journal === undefined) return purse.takeCall(call.name)
  const denied = recordedAnswer(run, call)?.limit
  if (denied !== undefined) return denied
  const wait = journal.recorded(`t${call.turn}/wait`)?.value as WaitValue | undefined
  const isKnown =
    journal.recorded(callKey(call)) !== undefined ||
    wait?.pending.some(({ callId }) => callId === call.callId) === true
  if (!isKnown) return purse.takeCall(call.name)
  purse.bookCall(call.name)
  return undefined
}

const gate = (run: RunContext, call: Call, tool: Tool, input: unknown): Plan | Promise<Plan> => {
  if (tool.execute === undefined) return { kind: 'pending', pending: pendingCall('output', call) }
  const { needsApproval } = tool
  if (needsApproval === undefined || needsApproval === false) return { kind: 'execute', tool, input }
  const decide = (needed: boolean): Plan =>
    needed ? { kind: 'pending', pending: pendingCall('approval', call) } : { kind: 'execute', tool, input }
  if (needsApproval === true) return decide(true)
  try {
    const needed = needsApproval.call(tool, input, createContext(run, call))
    return needed instanceof Promise
      ? needed.then(decide, (error: unknown) =>
          Promise.reject(new HookError(`needsApproval of tool "${tool.name}"`, error)),
        )
      : decide(needed)
  } catch (error) {
    throw new HookError(`needsApproval of tool "${tool.name}"`, error)
  }
}

/** A function or custom call that waits. */
const pendingCall = (kind: PendingCall['kind'], call: Call): PendingCall => ({
  kind,
  callId: call.callId,
  name: call.name,
  arguments: call.arguments,
  hash: callHash(call.name, call.arguments),
  itemType: call.item.type,
})

/** Parses a model's arguments. Nothing at all means no arguments: several servers write `""` for a tool without parameters. */
export const parseArguments = (text: string): { value: unknown } | { problem: string } => {
  if (text.trim() === '') return { value: {} }
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return {
      problem: `the arguments are not valid JSON (${error instanceof Error ? error.message : String(error)})`,
    }
  }
}

const describeIssues = (message: string): string =>
  `the arguments do not match the tool's schema:\n${message}`

const invalid = (problem: string): Plan => ({
  kind: 'answer',
  outcome: 'invalid',
  text: `Error: ${problem}\nCorrect the arguments and call again.`,
})

const unknownTool = (run: RunContext, call: Call): Plan => {
  const names = [...run.agent.tools.keys()].filter((name) => !run.hiddenTools?.has(name))
  return {
    kind: 'answer',
    outcome: 'invalid',
    text: `Error: there is no tool "${call.name}". ${names.length === 0 ? 'No tools can be called.' : `Tools: ${names.join(', ')}.`}`,
  }
}

const WRAPPERS = new Set([
  'parallel',
  'multi_tool_use.parallel',
  'multi_tool_use-parallel',
  'multi_tool_use_parallel',
])

/** Some models call an undeclared wrapper with the real calls inside; each inner call is prepared as if it had come by itself. */
const unwrapParallel = (call: Call): Plan | undefined => {
  if (!WRAPPERS.has(call.name)) return undefined
  const parsed = parseArguments(call.arguments)
  const uses = 'value' in parsed ? (parsed.value as { tool_uses?: unknown } | null)?.tool_uses : undefined
  if (!Array.isArray(uses)) return undefined
  const inner = uses.map((use: { recipient_name?: unknown; parameters?: unknown }, n) =>
    createCall(
      {
        type: 'function_call',
        call_id: `${call.callId}.${n}`,
        name: (typeof use?.recipient_name === 'string' ? use.recipient_name : '').replace(/^functions\./, ''),
        arguments: JSON.stringify(use?.parameters ?? {}),
      },
      call.turn,
    ),
  )
  return { kind: 'wrapper', inner }
}
