// Whatever an agent does, and wherever its processes end: the run goes on, and comes to what it would have come to.
import type { InputItem, OutputItem } from '@antiphon/client'
import {
  type Agent,
  agent,
  answer,
  approve,
  type Decision,
  type LogRecord,
  memoryRuns,
  type PendingCall,
  RunError,
  type RunEvent,
  type RunResult,
  type RunStore,
  reject,
  requestsOf,
  type Tool,
  tool,
  validateItems,
} from 'antiphon'
import { callItem, messageItem, type ScriptStep, scripted } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { jsonStore } from './json-store.ts'
import { Life, mortalModel, mortalStore } from './mortal.ts'

const runId = 'r'

/** What happens outside of all processes. */
interface World {
  /** Keys of calls that were run, in order. */
  readonly did: string[]
  /** Requests that models got. */
  readonly asked: string[]
  /** Model calls that have still to fail, by agent and turn. */
  readonly failures: Map<string, number>
}

const NAMES = [
  ...['look', 'idle', 'write', 'upsert', 'throws', 'theirs', 'nobody', 'parallel'],
  ...['gated', 'helper', 'scout', 'gated', 'helper', 'scout'],
]

const anyCall = fc.record({
  name: fc.constantFrom(...NAMES, 'transfer_to_other'),
  n: fc.nat(3),
  id: fc.option(fc.constantFrom('same', 'other'), { nil: undefined, freq: 4 }),
})

const anyTurn = fc.record({
  calls: fc.array(anyCall, { minLength: 1, maxLength: 4 }),
  fails: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, 2) }),
  how: fc.constantFrom('failed' as const, 'error' as const),
})

type Turn = typeof anyTurn extends fc.Arbitrary<infer T> ? T : never

const anyCase = fc.record({
  turns: fc.array(anyTurn, { minLength: 1, maxLength: 3 }),
  helper: fc.array(anyTurn, { maxLength: 2 }),
  other: fc.array(anyTurn, { maxLength: 1 }),
  /** Where the first processes end. */
  cuts: fc.array(fc.oneof(fc.nat(25), fc.nat(90), fc.nat(200)), { minLength: 1, maxLength: 4 }),
  limits: fc.record(
    { toolCalls: fc.integer({ min: 1, max: 8 }), turns: fc.integer({ min: 1, max: 4 }) },
    { requiredKeys: [] },
  ),
  concurrency: fc.integer({ min: 1, max: 4 }),
  serial: fc.boolean(),
  decide: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
  oneByOne: fc.boolean(),
  steered: fc.boolean(),
  followUp: fc.boolean(),
})

type Case = typeof anyCase extends fc.Arbitrary<infer T> ? T : never

/** The turn that a request asks for, by the last message of its history that says one. */
const turnOf = (name: string, input: unknown): number =>
  1 +
  Math.max(
    -1,
    ...[...JSON.stringify(input).matchAll(new RegExp(`${name} says (\\d+)`, 'g'))].map(([, n]) => Number(n)),
  )

const modelOf = (name: string, turns: readonly Turn[], world: World, life: Life) => {
  const step: ScriptStep = (request) => {
    world.asked.push(JSON.stringify(request))
    const turn = turnOf(name, request.input)
    const { calls, how } = turns[turn] ?? { calls: [], how: 'error' }
    const items: OutputItem[] = [messageItem(`${name} says ${turn}`, { id: `msg_${name}_${turn}` })]
    if (request.tool_choice !== 'none')
      for (const [n, call] of calls.entries()) items.push(itemOf(call, `${name}_${turn}_${n}`))
    const left = world.failures.get(`${name} ${turn}`) ?? 0
    world.failures.set(`${name} ${turn}`, left - 1)
    const response = { id: `resp_${name}_${turn}` }
    if (left <= 0) return { items, response }
    return how === 'error'
      ? { items, response, error: new Error('cut') }
      : { items, response, failed: { code: 'server_error', message: 'Broken.' } }
  }
  return mortalModel(
    scripted(
      Array.from({ length: 60 }, () => step),
      { record: 'none' },
    ),
    life,
    name,
  )
}

const itemOf = ({ name, n, id }: Turn['calls'][number], own: string): OutputItem => {
  const callId = id ?? own
  if (name === 'parallel') {
    const uses = ['look', 'write', 'scout', 'helper'].slice(0, n + 1)
    const tool_uses = uses.map((use) => ({
      recipient_name: `functions.${use}`,
      parameters: { n, input: 'x' },
    }))
    return callItem('multi_tool_use.parallel', { tool_uses }, callId, { id: `fc_${own}` })
  }
  return callItem(name, argsOf(name, n), callId, { id: `fc_${own}` })
}

const argsOf = (name: string, n: number): object =>
  name === 'helper' || name === 'scout' ? { input: 'x' } : { n }

const later = async (turns: number): Promise<void> => {
  for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve))
}

const toolsOf = (world: World, life: Life): Tool[] => {
  const inputSchema = z.object({ n: z.number() })
  const own = (
    options: Pick<Tool, 'name'> & Partial<Pick<Tool, 'effect' | 'idempotent' | 'needsApproval'>>,
    after: (n: number) => unknown = (n) => n,
  ): Tool =>
    tool({
      inputSchema,
      timeoutMs: Number.POSITIVE_INFINITY,
      queueTimeoutMs: Number.POSITIVE_INFINITY,
      ...options,
      execute: async ({ n }, { idempotencyKey }) => {
        await life.pass(`${options.name} called`)
        await later(n)
        await life.pass(`${options.name} under way`)
        world.did.push(`${options.name} ${idempotencyKey}`)
        await later(3 - n)
        await life.pass(`${options.name} done`)
        return after(n)
      },
    }) as Tool
  return [
    own({ name: 'look', effect: 'read' }),
    own({ name: 'idle', effect: 'none' }),
    own({ name: 'write' }),
    own({ name: 'upsert', idempotent: true }),
    own({ name: 'throws', effect: 'read' }, () => {
      throw new Error('thrown')
    }),
    own({ name: 'gated', needsApproval: true }),
    tool({ name: 'theirs', inputSchema }) as Tool,
  ]
}

const agentOf = (one: Case, world: World, life: Life): Agent => {
  const tools = toolsOf(world, life)
  const helper = agent({ name: 'helper', model: modelOf('helper', one.helper, world, life), tools })
  // One that only reads could start before its response is complete.
  const scout = agent({
    name: 'scout',
    model: modelOf('scout', one.helper, world, life),
    tools: tools.filter(({ effect }) => effect !== 'write'),
  })
  const inside = [helper, scout].map((sub) => ({
    ...(sub.asTool() as Tool),
    queueTimeoutMs: Number.POSITIVE_INFINITY,
  }))
  const other = agent({ name: 'other', model: modelOf('other', one.other, world, life), tools })
  return agent({
    name: 'first',
    model: modelOf('first', one.turns, world, life),
    tools: [...tools, ...inside],
    handoffs: [other],
    concurrency: one.concurrency,
    limits: { turns: 12, ...one.limits },
    ...(one.serial ? { parallelToolCalls: false } : {}),
  })
}

const worldOf = ({ turns, helper, other }: Case): World => ({
  did: [],
  asked: [],
  failures: new Map(
    Object.entries({ first: turns, helper, scout: helper, other }).flatMap(([name, list]) =>
      list.map(({ fails }, turn) => [`${name} ${turn}`, fails] as const),
    ),
  ),
})

/** What is decided about a call: the same each time. */
const decisionOf = (one: Case, pending: PendingCall): Decision => {
  const at = [...pending.callId].reduce((sum, char) => sum + char.charCodeAt(0), 0)
  const how = one.decide[at % one.decide.length]
  if (how === 3) return reject(pending, 'no')
  if (pending.kind === 'output') return answer(pending, { given: how })
  return how === 2 ? approve(pending, { arguments: { n: 1 } }) : approve(pending)
}

/** One process: goes on until nothing waits any more, or it ends. */
const live = async (one: Case, store: RunStore, world: World, life: Life): Promise<RunResult | undefined> => {
  const assistant = agentOf(one, world, life)
  const kept = mortalStore(store, life)
  const work = async (): Promise<RunResult> => {
    for (let round = 0; round < 60; round++) {
      const run = assistant.run('Go', { store: kept, runId, takeOver: true, strictReplay: true })
      run.on('event', (event) => {
        if (event.type === 'turn.started' && event.turn === 0 && one.steered) run.steer('steered')
        if (event.type === 'turn.started' && event.turn === 0 && one.followUp) run.followUp('followed')
        life.reach(event.type)
      })
      let result: RunResult
      try {
        result = await run.result()
      } catch (error) {
        // A model call that failed: the run can be resumed.
        if (
          error instanceof RunError &&
          (error.code === 'response_failed' || error.message.startsWith('cut'))
        )
          continue
        throw error
      }
      if (result.stop.reason !== 'approval') return result
      const { pending } = result.stop
      expect(pending.length).toBeGreaterThan(0)
      const decisions = pending.map((call) => decisionOf(one, call))
      await kept.decide(runId, one.oneByOne ? decisions.slice(0, 1) : decisions)
    }
    throw new Error('The run was not over after 60 rounds.')
  }
  return (await Promise.race([work(), life.over])) ?? undefined
}

const isUnknown = (output: unknown): boolean => JSON.stringify(output ?? '').includes('Unknown outcome')

/** The items, but for outputs that are unknown in either. */
const comparable = (items: readonly InputItem[], others: readonly InputItem[]): unknown[] =>
  items.map((item, n) => {
    const output = 'output' in item ? item.output : undefined
    const other = others[n]
    const skip = isUnknown(output) || (other !== undefined && 'output' in other && isUnknown(other.output))
    return skip ? { ...item, output: 'unknown' } : item
  })

/** The key of the record of a call, by the key that its tool was given. */
const recordKeyOf = (did: string): string =>
  (did.split(' ')[1] ?? '').slice(runId.length + 1).replace(/(^|\/)(t\d+)\//g, '$1$2/tool/')

const problemsOf = (events: readonly RunEvent[], log: readonly LogRecord[]): string[] => {
  const problems: string[] = []
  const ended = new Set(events.flatMap((event) => (event.type === 'tool.ended' ? [event.callId] : [])))
  const turns = new Set(events.flatMap((event) => (event.type === 'turn.ended' ? [event.turn] : [])))
  for (const { key } of log) {
    const [, turn, callId] = /^t(\d+)\/(?:model|tool\/([^/]+))$/.exec(key) ?? []
    if (callId !== undefined && !ended.has(callId)) problems.push(`nobody was told how ${key} ended`)
    if (turn !== undefined && !turns.has(Number(turn)))
      problems.push(`nobody was told that turn ${turn} ended`)
  }
  return problems
}

const play = async (one: Case): Promise<void> => {
  // What was steered in goes with its process until the next model call; a sub-agent that failed may not fail in the next one.
  const isExact = !one.steered && !one.followUp && one.helper.every(({ fails }) => fails === 0)
  const world = worldOf(one)
  const store = jsonStore(memoryRuns())
  const recorded = new Set<string>()
  let result: RunResult | undefined
  for (const cut of [...one.cuts, undefined]) {
    const before = world.did.length
    result = await live(one, store, world, new Life(cut))
    for (const did of world.did.slice(before)) {
      // Its record may be of this life; then it is there once.
      if (recorded.has(recordKeyOf(did))) expect.unreachable(`${did} was recorded, and run again`)
    }
    if ((await store.get(runId)) !== undefined)
      for (const { key, kind } of await store.read(runId)) if (kind === 'tool') recorded.add(key)
    if (result !== undefined) break
  }
  if (result === undefined) return expect.unreachable('The run has no result.')
  const log = await store.read(runId)
  expect(validateItems(result.history)).toEqual([])
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, n) => n + 1))
  expect(log.at(-1)?.kind).toBe('end')
  const places = new Map(log.map(({ key }, n) => [key, n]))
  for (const [n, { key }] of log.entries())
    for (const [turn] of key.matchAll(/.*?t\d+(?=\/(?:tool|wait))/g))
      expect(
        places.get(`${key.slice(0, key.indexOf(turn) + turn.length)}/model`),
        `${key} came first`,
      ).toBeLessThan(n)
  const once = world.did.filter((did) => /^(write|gated) /.test(did))
  expect(once).toEqual([...new Set(once)])
  const asked = new Set(world.asked)
  for (const { key, request } of requestsOf(log))
    expect(asked.has(JSON.stringify(request)), `${key} says another request than was made`).toBe(true)
  const events: RunEvent[] = []
  for await (const { seq, event } of store.follow(runId)) expect(seq).toBe(events.push(event))
  expect(problemsOf(events, log)).toEqual([])
  // Over and over it is the same, and nobody is asked.
  const silent = { ...worldOf(one) }
  const again = await live(one, store, silent, new Life())
  expect(again?.history).toEqual(JSON.parse(JSON.stringify(result.history)))
  expect({ ...again, stop: again?.stop, history: 0, items: 0, warnings: 0, response: 0 }).toMatchObject({
    text: result.text,
    stop: result.stop,
    usage: result.usage,
    toolCalls: result.toolCalls,
  })
  expect([silent.asked, silent.did]).toEqual([[], []])
  expect(await store.read(runId)).toHaveLength(log.length)
  if (!isExact) return
  const uncut = worldOf(one)
  const whole = await live(one, jsonStore(memoryRuns()), uncut, new Life())
  if (whole === undefined) return expect.unreachable('The run that was not cut has no result.')
  // Branches that share a budget come in any order.
  const shares = one.limits.toolCalls !== undefined || one.limits.turns !== undefined
  if (
    shares &&
    [...one.turns, ...one.other].some(({ calls }) =>
      calls.some(({ name }) => /helper|scout|parallel/.test(name)),
    )
  )
    return
  expect(comparable(result.history, whole.history)).toEqual(comparable(whole.history, result.history))
  expect(result.stop).toEqual(whole.stop)
}

describe('whatever an agent does, and wherever its processes end', () => {
  it('its run goes on, and comes to what it would have come to', async () => {
    await fc.assert(fc.asyncProperty(anyCase, play), { numRuns: Number(process.env.NUM_RUNS ?? 400) })
  }, 60_000)
})
