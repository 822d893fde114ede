import {
  type Agent,
  agent,
  answer,
  approve,
  type Decision,
  isAntiphonError,
  type PendingCall,
  RunError,
  type RunEvent,
  type RunResult,
  type RunState,
  reject,
  tool,
  validateItems,
} from 'antiphon'
import { callItem, type ScriptStep, scripted, text } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { untilAborted } from './loop-gate.ts'

/** Longer than any run here may take; a run that is not over by then hangs. */
const HANG_MS = 20_000

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const inputSchema = z.object({ n: z.number() })

const toolsOf = (eager: boolean) => {
  const effect = eager ? 'read' : 'write'
  return [
    tool({ name: 'quick', effect, inputSchema, execute: ({ n }) => n }),
    tool({
      name: 'slow',
      effect,
      inputSchema,
      concurrency: 2,
      execute: async ({ n }) => {
        for (let k = 0; k < n; k++) await later()
        return n
      },
    }),
    tool({
      name: 'throws',
      effect,
      inputSchema,
      execute: async ({ n }) => {
        if (n > 1) await later()
        throw new Error('thrown')
      },
    }),
    tool({
      name: 'hangs',
      effect,
      inputSchema,
      timeoutMs: 3,
      execute: (_input, context) => untilAborted(context.signal),
    }),
    tool({
      name: 'gated',
      effect,
      inputSchema,
      needsApproval: ({ n }) => (n > 2 ? later().then(() => true) : n > 0),
      execute: async ({ n }) => n,
    }),
    tool({ name: 'theirs', inputSchema }),
  ]
}

const NAMES = [
  'quick',
  'slow',
  'throws',
  'hangs',
  'gated',
  'theirs',
  'nobody',
  'helper',
  'transfer_to_other',
  'parallel',
]

const anyCall = fc.record({
  name: fc.constantFrom(...NAMES),
  args: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }).map((n) => JSON.stringify({ n, input: 'x' })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '{"n":',
        '[]',
        'null',
        '{"n":"x"}',
        '{"tool_uses":[{"recipient_name":"functions.quick","parameters":{"n":1}},{"recipient_name":"gated","parameters":{"n":1}}]}',
      ),
    },
  ),
  id: fc.option(fc.constantFrom('call_a', 'call_b', ''), { nil: undefined, freq: 4 }),
})

const anyStep = fc.record({
  calls: fc.array(anyCall, { maxLength: 5 }),
  end: fc.oneof(
    { weight: 8, arbitrary: fc.constant('completed' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('incomplete' as const, 'failed' as const, 'error' as const, 'cut' as const),
    },
  ),
})

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never

let items = 0
const stepOf = (step: Step): ScriptStep => {
  const list = step.calls.map(({ name, args, id }) => {
    items++
    return callItem(name, args, id ?? `call_${items}`, { id: `fc_${items}` })
  })
  const parts = list.length === 0 ? { text: 'Some words.' } : { items: list }
  switch (step.end) {
    case 'completed':
      return parts
    case 'incomplete':
      return { ...parts, incomplete: 'max_output_tokens' }
    case 'failed':
      return { ...parts, failed: { code: 'server_error', message: 'Broken.' } }
    default:
      return { ...parts, error: new Error('cut') }
  }
}

const scriptOf = (steps: readonly Step[]): ScriptStep[] => [
  ...steps.map(stepOf),
  ...Array.from({ length: 4 }, () => text('The end.')),
]

const inBounds = async <T>(promise: Promise<T>): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, fail) => {
    timer = setTimeout(() => fail(new Error(`The run was not over after ${HANG_MS} ms.`)), HANG_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What is wrong with the events of one run. */
const problemsOf = (events: readonly RunEvent[], resumed: boolean): string[] => {
  const problems: string[] = []
  const open = new Map<string, number>()
  const closed: string[] = []
  const close = (id: string, how: string): void => {
    const count = open.get(id) ?? 0
    if (count > 0) open.set(id, count - 1)
    else if (!(resumed || (how === 'discarded' && closed.includes(id))))
      problems.push(`${id} ${how} without being queued`)
    closed.push(id)
  }
  const pendingOuter = new Set<string>()
  for (const [n, event] of events.entries()) {
    if ((event.type === 'run.started') !== (n === 0)) problems.push(`run.started at ${n}`)
    if ((event.type === 'run.ended') !== (n === events.length - 1)) problems.push(`run.ended at ${n}`)
    if (event.type === 'tool.queued') open.set(event.callId, (open.get(event.callId) ?? 0) + 1)
    // A wrapper's inner calls have no queue entry of the response, but are queued and ended like any other.
    if (event.type === 'tool.ended') close(event.callId, 'ended')
    if (event.type === 'tool.discarded') close(event.callId, 'discarded')
    if (event.type === 'tool.pending') {
      const outer = event.call.path?.[0]
      if (outer === undefined) close(event.call.callId, 'pending')
      else if (!pendingOuter.has(outer)) {
        pendingOuter.add(outer)
        close(outer, 'pending')
      }
    }
  }
  for (const [id, count] of open) if (count > 0) problems.push(`${id} was queued and never closed`)
  const limits = events.filter((event) => event.type === 'limit.reached')
  if (limits.length > 1) problems.push('limit.reached more than once')
  return problems
}

interface Case {
  steps: readonly Step[]
  helper: readonly Step[]
  other: readonly Step[]
  eager: boolean
  cancelAt: number | undefined
  cancelRound: number
  toolCalls: number | undefined
  concurrency: number
  serial: boolean
  decide: readonly number[]
}

const makeAgent = ({ steps, helper, other, eager, toolCalls, concurrency, serial }: Case): Agent => {
  const tools = toolsOf(eager)
  const inner = agent({ name: 'helper', model: scripted(scriptOf(helper)), tools })
  const next = agent({ name: 'other', model: scripted(scriptOf(other)), tools })
  return agent({
    name: 'first',
    model: scripted(scriptOf(steps)),
    tools: [...tools, inner.asTool()],
    handoffs: [next],
    concurrency,
    limits: { turns: 12, ...(toolCalls === undefined ? {} : { toolCalls }) },
    ...(serial ? { parallelToolCalls: false } : {}),
  })
}

const decisionFor = (pending: PendingCall, how: number): Decision | undefined => {
  if (how === 3) return undefined
  if (how === 2) return reject(pending, 'no')
  if (pending.kind === 'output') return answer(pending, { given: how })
  return how === 1 ? approve(pending, { arguments: { n: 1 } }) : approve(pending)
}

/** Runs to the end, deciding whatever waits. */
const play = async (one: Case): Promise<void> => {
  const assistant = makeAgent(one)
  let state: RunState | undefined
  let decisions: Decision[] = []
  for (let round = 0; round < 30; round++) {
    const run = state === undefined ? assistant.run('Go') : assistant.resume(state, decisions)
    const events: RunEvent[] = []
    run.on('event', (event) => {
      events.push(event)
      if (round === one.cancelRound && events.length === one.cancelAt) run.cancel()
    })
    let result: RunResult<unknown>
    try {
      result = await inBounds(run.result())
    } catch (error) {
      expect(error).toBeInstanceOf(RunError)
      expect(isAntiphonError(error)).toBe(true)
      result = (error as RunError).result
      expect(result.stop.reason).toBe('error')
    }
    expect(problemsOf(events, state !== undefined)).toEqual([])
    if (result.stop.reason !== 'approval') {
      expect(validateItems(result.history)).toEqual([])
      expect(result.state).toBeUndefined()
      return
    }
    const open = validateItems(result.history)
    expect(open.every((problem) => problem.code === 'missing_output')).toBe(true)
    state = JSON.parse(JSON.stringify(result.state)) as RunState
    expect(state).toEqual(result.state)
    const { pending } = result.stop
    expect(pending.length).toBeGreaterThan(0)
    decisions = pending.flatMap((waiting, n) => {
      const how = round > 6 ? 2 : (one.decide[(round * 7 + n) % one.decide.length] ?? 0)
      return decisionFor(waiting, how) ?? []
    })
  }
  expect.unreachable('The run was not over after 30 rounds of decisions.')
}

describe('whatever a model, tools and people do', () => {
  const anyCase: fc.Arbitrary<Case> = fc.record({
    steps: fc.array(anyStep, { minLength: 1, maxLength: 4 }),
    helper: fc.array(anyStep, { maxLength: 2 }),
    other: fc.array(anyStep, { maxLength: 2 }),
    eager: fc.boolean(),
    cancelAt: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 2 }),
    cancelRound: fc.nat(2),
    toolCalls: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined, freq: 3 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    serial: fc.boolean(),
    decide: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
  })

  it('a run ends, its history is valid, and its events add up', async () => {
    await fc.assert(fc.asyncProperty(anyCase, play), { numRuns: 600 })
  }, 60_000)
})
