import { agent, approve, memoryRuns, type Run, type RunEvent, type RunState, tool } from 'antiphon'
import { call, calls, scripted } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { jsonStore } from './json-store.ts'

const gone = { error: new Error('The machine went away.') }
const typesOf = (events: readonly RunEvent[]): string[] => events.map(({ type }) => type)

/** What a run tells until it is over, whether it fails or not. */
const told = async (run: Run<unknown>): Promise<RunEvent[]> => {
  const events: RunEvent[] = []
  try {
    for await (const event of run) events.push(event)
  } catch {
    // Told in `run.ended`.
  }
  // Only then does its store have it back.
  await run.result().catch(() => undefined)
  return events
}

describe('a resumed run with tellAgain', () => {
  it('tells recorded turns and calls from the beginning, and then goes on', async () => {
    const runs = jsonStore(memoryRuns())
    const look = tool({ name: 'look', effect: 'read', execute: () => ({ seen: 1 }) })
    const scout = agent({
      name: 'scout',
      model: scripted([calls(call('look'), call('look')), gone, 'Done.']),
      tools: [look],
    })
    const store = { store: runs, runId: 'run_1' }
    const first = await told(scout.run('Go', store))
    const again = await told(scout.run('Go', { ...store, tellAgain: true }))
    const upTo = (events: readonly RunEvent[]): string[] =>
      [...new Set(typesOf(events.slice(0, typesOf(events).indexOf('turn.ended') + 1)))].sort()
    // A recorded call does not start again.
    expect(upTo(again)).toEqual(
      upTo(first)
        .filter((type) => type !== 'tool.started' && type !== 'run.resumed')
        .concat('run.resumed')
        .sort(),
    )
    const ended = (events: readonly RunEvent[]) =>
      events.flatMap((event) =>
        event.type === 'tool.ended' ? [[event.callId, event.outcome, event.output]] : [],
      )
    expect(ended(again)).toEqual(ended(first))
    expect(again.at(-1)).toMatchObject({ type: 'run.ended', stop: { reason: 'done' } })
    expect(typesOf(again).filter((type) => type === 'turn.started')).toHaveLength(2)
    // Followers are not told twice: one turn that ended, one that failed, one that went on.
    const followed: string[] = []
    for await (const { event } of runs.follow('run_1')) followed.push(event.type)
    expect(followed.filter((type) => type === 'turn.started')).toHaveLength(3)
    expect(followed.filter((type) => type === 'tool.ended')).toHaveLength(2)
    // Without it, only what is new is told.
    const third = await told(scout.run('Go', store))
    expect(typesOf(third)).not.toContain('turn.started')
  })
})

describe('a kept run that begins from a state', () => {
  const bank = () => {
    const done: string[] = []
    const pay = tool({ name: 'pay', needsApproval: true, execute: () => void done.push('paid') })
    const model = scripted([calls(call('pay')), gone, 'Paid.', 'Again.'])
    return { done, model, bank: agent({ name: 'bank', model, tools: [pay] }) }
  }
  const waiting = async (own: ReturnType<typeof bank>) => {
    const { state, stop } = await own.bank.run('Pay.').result()
    if (stop.reason !== 'approval') throw new Error('It did not wait.')
    return {
      state: { ...(state as RunState), steering: [user('Quick.')] },
      decisions: stop.pending.map((one) => approve(one)),
    }
  }
  const user = (content: string) => ({ type: 'message', role: 'user', content }) as const

  it('runs what was decided once, and takes what the state brought along once, over several processes', async () => {
    const own = bank()
    const { state, decisions } = await waiting(own)
    const runs = jsonStore(memoryRuns())
    const kept = { store: runs, runId: 'run_kept' }
    await expect(own.bank.resume(state, decisions, kept).result()).rejects.toThrow('went away')
    expect(own.done).toEqual(['paid'])
    const result = await own.bank.resume(state, decisions, kept).result()
    expect([result.text, own.done]).toEqual(['Paid.', ['paid']])
    expect(own.model.requests[2]?.input).toEqual(own.model.requests[1]?.input)
    expect(JSON.stringify(own.model.requests[2]).match(/Quick/g)).toHaveLength(1)
    expect(result.usage.requests).toBe(2)
  })

  it('is resumed by its id alone', async () => {
    const own = bank()
    const { state, decisions } = await waiting(own)
    const runs = jsonStore(memoryRuns())
    await expect(
      own.bank.resume(state, decisions, { store: runs, runId: 'run_id' }).result(),
    ).rejects.toThrow()
    const result = await own.bank.resume('run_id', [], { store: runs }).result()
    expect([result.text, own.done]).toEqual(['Paid.', ['paid']])
    expect(own.model.requests[2]?.input).toEqual(own.model.requests[1]?.input)
    expect(result.usage.requests).toBe(2)
    // It is over: nothing is asked any more, and what was steered into its first turn stays there.
    const over = await own.bank.resume('run_id', [], { store: runs }).result()
    expect([over.text, own.model.requests.length]).toEqual(['Paid.', 3])
  })

  it('is another run than one that the store has', async () => {
    const own = bank()
    const { state, decisions } = await waiting(own)
    const runs = memoryRuns()
    await expect(own.bank.run('Else.', { store: runs, runId: 'run_else' }).result()).rejects.toThrow()
    await expect(
      own.bank.resume(state, decisions, { store: runs, runId: 'run_else' }).result(),
    ).rejects.toMatchObject({
      code: 'run_conflict',
    })
  })
})
