import {
  agent,
  approve,
  fork,
  formatLog,
  type JournalError,
  type LogRecord,
  type Model,
  memoryRuns,
  type Run,
  replay,
  requestsOf,
  type Stop,
  tool,
} from 'antiphon'
import { call, calls, type ScriptedModel, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const look = tool({
  name: 'look',
  description: 'Looks something up',
  inputSchema: z.object({ what: z.string() }),
  effect: 'read',
  execute: ({ what }, ctx) => ({ content: `${what} seen`, by: ctx.callId }),
})
const pay = tool({
  name: 'pay',
  description: 'Pays',
  inputSchema: z.object({ amount: z.number() }),
  needsApproval: true,
  execute: ({ amount }) => `paid ${amount}`,
})

/** A desk that asks an agent beside it, looks up and pays; each with a script of its own. */
const desk = (outer: Model, inner: Model) => {
  const clerk = agent({ name: 'clerk', model: inner, instructions: 'Look.', tools: [look] })
  return agent({ name: 'desk', model: outer, tools: [clerk.asTool(), look, pay] })
}

const outerScript = () =>
  scripted([
    calls(call('look', { what: 'a' }), call('clerk', { input: 'see b' }), call('look', { what: 'c' })),
    calls(call('pay', { amount: 5 })),
    text('All done.'),
  ])
const innerScript = () => scripted([calls(call('look', { what: 'b' })), text('b it is')])

const resultOf = async (run: Run<string>) => {
  const { text: answer, items, turns, usage, stop } = await run.result()
  return { answer, items, turns, usage, stop: stop.reason }
}

const approveAll = (stop: Stop) =>
  stop.reason === 'approval' ? stop.pending.map((waiting) => approve(waiting)) : []

/** A kept run with parallel calls, an agent in one of them, and an approval; its log, and what was really asked. */
const kept = async () => {
  const outer = outerScript()
  const inner = innerScript()
  const store = memoryRuns()
  const first = await desk(outer, inner).run('Go.', { store, runId: 'r' }).result()
  const decisions = approveAll(first.stop)
  const result = await resultOf(desk(outer, inner).resume('r', decisions, { store }))
  const records = JSON.parse(JSON.stringify(await store.read('r'))) as LogRecord[]
  return { records, result, outer, inner }
}

const asked = (models: readonly ScriptedModel[]) =>
  models.flatMap(({ requests }) => JSON.parse(JSON.stringify(requests)) as object[])

describe('the log of a kept run', () => {
  it('has every request in full, those of agents inside calls included', async () => {
    const { records, outer, inner, result } = await kept()
    expect(result).toMatchObject({ answer: 'All done.', stop: 'done' })
    const recorded = requestsOf(records)
    const inside = recorded.filter(({ key }) => key.includes('tool'))
    const own = recorded.filter(({ key }) => !key.includes('tool'))
    expect(own.map(({ request }) => request)).toEqual(asked([outer]))
    expect(inside.map(({ request }) => request)).toEqual(asked([inner]))
    expect(inside.map(({ agent: name }) => name)).toEqual(['clerk', 'clerk'])
  })

  it('does not say an item twice that it has in another record', async () => {
    const { records } = await kept()
    const added = records
      .filter(({ kind, key }) => kind === 'model' && !key.includes('tool'))
      .flatMap(({ about }) => (about as { input: { add: object[] } }).input.add)
    expect(added.filter((item) => !('$record' in item))).toEqual([])
  })

  it('is a cassette: the agent goes the same way on it, in memory and on a store', async () => {
    const { records, result } = await kept()
    const model = replay(formatLog(records))
    const store = memoryRuns()
    const assistant = desk(model, model)
    const first = await assistant.run('Go.', { store, runId: 'again' }).result()
    const again = await resultOf(assistant.resume('again', approveAll(first.stop), { store }))
    expect(again).toEqual(result)
  })

  it('branches after a turn, with what happened inside its calls', async () => {
    const { records } = await kept()
    const live = scripted([text('Nothing to pay.')])
    const model = fork(records, { at: 1, model: live })
    const { answer, items } = await resultOf(desk(model, model).run('Go.'))
    expect(answer).toBe('Nothing to pay.')
    expect(items.filter(({ type }) => type === 'function_call_output')).toHaveLength(3)
    expect(live.requests).toHaveLength(1)
  })

  it('is followed strictly where that is asked for: another request is told by its path, and asks nobody', async () => {
    const store = memoryRuns()
    const make = (instructions: string, model: Model) =>
      agent({ name: 'clerk', model, instructions, tools: [look] })
    await make('Look.', innerScript()).run('see b', { store, runId: 'r' }).result()
    const nobody = scripted([])
    const other = make('Look twice.', nobody)
    const failure: unknown = await other
      .resume('r', [], { store, strictReplay: true })
      .result()
      .catch((error: unknown) => error)
    const { cause } = failure as { cause: JournalError }
    expect(cause).toMatchObject({ code: 'nondeterministic', key: 't0/model', path: 'instructions' })
    expect(cause.message).toMatch(/recorded: "Look\."\n {2}asked: {4}"Look twice\."$/)
    expect((await other.resume('r', [], { store }).result()).text).toBe('b it is')
    expect(nobody.requests).toEqual([])
  })

  it('is followed strictly without a difference by the agent that made it', async () => {
    const store = memoryRuns()
    const outer = outerScript()
    const inner = innerScript()
    const first = await desk(outer, inner).run('Go.', { store, runId: 'r' }).result()
    await desk(outer, inner).resume('r', approveAll(first.stop), { store, strictReplay: true }).result()
    const again = await desk(outer, inner).resume('r', [], { store, strictReplay: true }).result()
    expect(again.text).toBe('All done.')
    expect(outer.requests.length + inner.requests.length).toBe(5)
  })
})
