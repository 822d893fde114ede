import type { McpApprovalRequest, McpCall, OutputItem, ResponseEvent } from '@antiphon/client'
import { agent, memoryRuns, type RunStore, tool } from 'antiphon'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agentUpstream } from '../src/agents/agent-upstream.ts'
import { type Answered, ask, testApprovals, typesOf } from './agent-ask.ts'

const never = (): Promise<never> => new Promise(() => undefined)

/** A process that ends before or after a record is written: from there on nothing it does arrives. */
const mortal = (runs: RunStore, at: string): { runs: RunStore; over: Promise<void>; isOver(): boolean } => {
  let dead = false
  let end = (): void => undefined
  const over = new Promise<void>((resolve) => {
    end = () => {
      dead = true
      resolve()
    }
  })
  const reach = (point: string): Promise<never> | undefined => {
    if (point === at) end()
    return dead ? never() : undefined
  }
  return {
    over,
    isOver: () => dead,
    runs: {
      ...runs,
      open: async (runId, options) => {
        const open = await runs.open(runId, options)
        return {
          ...open,
          append: async (record) => {
            await reach(`before ${record.key}`)
            await open.append(record)
            await reach(`after ${record.key}`)
          },
          appendEvents: async (events) => {
            if (dead) return never()
            await open.appendEvents(events)
          },
          onStop: (stop) => open.onStop((reason) => (dead ? undefined : stop(reason))),
          close: async (status, error) => {
            if (dead) return never()
            await open.close(status, error)
          },
        }
      },
    },
  }
}

const steps = (): ScriptStep[] => [
  {
    reasoning: 'Look.',
    text: 'One moment.',
    calls: [call('look', { at: 'a' }, 'c1'), call('look', { at: 'b' }, 'c2')],
  },
  calls(call('look', { at: 'c' }, 'c3')),
  text('Seen.'),
]

/** An agent whose process may end; its model is asked anew where an answer was not recorded. */
const scout = (script: readonly ScriptStep[] = steps()) => {
  const done: string[] = []
  const look = tool({
    name: 'look',
    effect: 'read',
    inputSchema: z.object({ at: z.string() }),
    execute: ({ at }) => {
      done.push(at)
      return `seen ${at}`
    },
  })
  const asked: number[] = []
  // By the turn, and not by the call: another process asks again.
  const model = scripted(
    Array.from(
      { length: 12 },
      (): ScriptStep => (request) => {
        const input = request.input as { type?: string }[]
        const turn = turnOf(input)
        asked.push(turn)
        return script[turn] as never
      },
    ),
  )
  return { done, asked, upstream: agentUpstream(agent({ name: 'scout', model, tools: [look] })) }
}

const turnOf = (input: readonly { type?: string }[]): number => {
  const outputs = input.filter(({ type }) => type === 'function_call_output').length
  return outputs === 0 ? 0 : outputs === 2 ? 1 : 2
}

const shape = ({ output }: Pick<Answered, 'output'>): unknown[] =>
  output.map((item) => (item as McpCall).output ?? item.type)
const itemsOf = (events: readonly ResponseEvent[]): OutputItem[] =>
  events.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []))

const POINTS = ['t0/model', 't0/tool/c1', 't0/tool/c2', 't1/model', 't1/tool/c3', 't2/model', 'end'].flatMap(
  (key) => [`before ${key}`, `after ${key}`],
)

describe('a kept response of a served agent', () => {
  it.each(POINTS)(
    'is told whole when its process ended %s, and runs nothing again that is recorded',
    async (point) => {
      const whole = await ask(
        scout().upstream,
        { input: 'Go' },
        { runs: memoryRuns(), responseId: 'resp_kept' },
      )
      const runs = memoryRuns()
      const { upstream, done, asked } = scout()
      const life = mortal(runs, point)
      const heard: ResponseEvent[] = []
      upstream
        .answer({ input: 'Go' }, (event) => void (life.isOver() || heard.push(event)), {
          tenant: 'local',
          responseId: 'resp_kept',
          approvals: testApprovals(),
          runs: life.runs,
          signal: new AbortController().signal,
          onAbort: () => undefined,
        })
        .catch(() => undefined)
      await life.over
      const records = await runs.read('resp_kept')
      const before = { done: done.length, asked: asked.length }
      const again = await ask(upstream, { input: 'Go' }, { runs, responseId: 'resp_kept' })

      expect(shape(again)).toEqual(shape(whole))
      expect(again.response.usage).toEqual(whole.response.usage)
      const recorded = records.filter(({ kind }) => kind === 'tool').length
      expect(done.length - before.done).toBe(3 - recorded)
      expect(asked.length - before.asked).toBe(3 - records.filter(({ kind }) => kind === 'model').length)
      // What was heard of recorded turns comes again under the same ids.
      const recordedTurns = records.filter(({ kind }) => kind === 'model').length
      const known = itemsOf(heard).slice(0, [0, 4, 5, 6][recordedTurns])
      expect(again.output.map(({ id }) => id)).toEqual(expect.arrayContaining(known.map(({ id }) => id)))
      // Followers of the run are not told of recorded turns again: once each, and once in vain where the process ended.
      let turns = 0
      for await (const { event } of runs.follow('resp_kept')) if (event.type === 'turn.started') turns++
      expect(turns).toBeLessThanOrEqual(4)
    },
  )

  it('is told again when it is over: the same items, and nothing is asked or run', async () => {
    const runs = memoryRuns()
    const { upstream, done, asked } = scout()
    const first = await ask(upstream, { input: 'Go' }, { runs, responseId: 'resp_over' })
    const second = await ask(upstream, { input: 'Go' }, { runs, responseId: 'resp_over' })
    expect(second.output).toEqual(first.output)
    expect(second.response.usage).toEqual(first.response.usage)
    expect([done, asked]).toEqual([
      ['a', 'b', 'c'],
      [0, 1, 2],
    ])
  })

  it('asks for approval under the same id when it is told again', async () => {
    const runs = memoryRuns()
    const approvals = testApprovals()
    const pay = tool({ name: 'pay', needsApproval: true, execute: () => 'paid' })
    const model = scripted([calls(call('pay'))])
    const upstream = agentUpstream(agent({ name: 'bank', model, tools: [pay] }))
    const first = await ask(upstream, { input: 'Pay' }, { runs, approvals, responseId: 'resp_pay' })
    const second = await ask(upstream, { input: 'Pay' }, { runs, approvals, responseId: 'resp_pay' })
    expect(typesOf(first.output)).toEqual(['mcp_approval_request'])
    expect(second.output).toEqual(first.output)
    const { id } = first.output[0] as McpApprovalRequest
    expect(approvals.issued.map((issued) => issued.id)).toEqual([id])
    // Decided meanwhile: told again, it stays used.
    await approvals.use(id)
    await ask(upstream, { input: 'Pay' }, { runs, approvals, responseId: 'resp_pay' })
    expect(await approvals.get(id)).toBeUndefined()
  })

  it('gives the same function calls of the client back when it is told again', async () => {
    const runs = memoryRuns()
    const model = scripted([{ reasoning: 'Hm.', calls: [call('look', {}, 'c1'), call('weather', {}, 'c2')] }])
    const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
    const upstream = agentUpstream(agent({ name: 'scout', model, tools: [look] }))
    const tools = [{ type: 'function', name: 'weather', parameters: null, strict: null } as never]
    const first = await ask(upstream, { input: 'Go', tools }, { runs, responseId: 'resp_client' })
    const second = await ask(upstream, { input: 'Go', tools }, { runs, responseId: 'resp_client' })
    expect(typesOf(first.output)).toEqual(['reasoning', 'mcp_call', 'function_call'])
    expect(second.output).toEqual(first.output)
    expect(model.requests).toHaveLength(1)
  })

  it('hides refused calls again when it is told again, and counts the others again', async () => {
    const runs = memoryRuns()
    const model = scripted([
      calls(call('look', {}, 'c1'), call('look', {}, 'c2')),
      calls(call('look', {}, 'c3')),
      { error: new Error('The machine went away.') },
      calls(call('look', {}, 'c4')),
      'Done.',
    ])
    let done = 0
    const look = tool({ name: 'look', execute: () => ++done })
    const upstream = agentUpstream(agent({ name: 'scout', model, tools: [look] }))
    const request = { input: 'Go', max_tool_calls: 1 }
    await expect(ask(upstream, request, { runs, responseId: 'resp_b' })).rejects.toThrow('went away')
    const again = await ask(upstream, request, { runs, responseId: 'resp_b' })
    expect(typesOf(again.output)).toEqual(['mcp_call', 'message'])
    expect(done).toBe(1)
  })

  it('drops the answer that was repaired again when it is told again', async () => {
    const runs = memoryRuns()
    const upstream = agentUpstream(agent({ name: 'scout', model: scripted(['no', '{}']) }))
    const request = { input: 'JSON', text: { format: { type: 'json_object' } } } as const
    const first = await ask(upstream, request, { runs, responseId: 'resp_r' })
    const second = await ask(upstream, request, { runs, responseId: 'resp_r' })
    expect(first.output).toHaveLength(1)
    expect(second.output).toEqual(first.output)
  })
})

describe('a cancel', () => {
  it('stops the run: its model and its tools, and rejects with the reason', async () => {
    let aborted = false
    const wait = tool({
      name: 'wait',
      execute: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true
            resolve('stopped')
          })
        }),
    })
    const upstream = agentUpstream(
      agent({ name: 'scout', model: scripted([calls(call('wait')), 'x']), tools: [wait] }),
    )
    let stop = (_: Error): void => undefined
    const answer = ask(
      upstream,
      { input: 'Go' },
      {
        onStop: (given) => {
          stop = given
        },
        onEvent: (event) => {
          if (event.type === 'response.mcp_call.in_progress')
            setImmediate(() => stop(new Error('The client went away.')))
        },
      },
    )
    await expect(answer).rejects.toThrow('The client went away.')
    expect(aborted).toBe(true)
  })

  it('before anything has begun runs nothing', async () => {
    const model = scripted(['x'])
    const upstream = agentUpstream(agent({ name: 'scout', model }))
    const answer = ask(upstream, { input: 'Go' }, { onStop: (stop) => stop(new Error('Gone.')) })
    await expect(answer).rejects.toThrow('Gone.')
    expect(model.requests).toEqual([])
  })

  it('by a sink that takes no more fails the answer', async () => {
    const upstream = agentUpstream(agent({ name: 'scout', model: scripted(['Hello']) }))
    const answer = ask(
      upstream,
      { input: 'Go' },
      {
        onEvent: (event) => {
          if (event.type === 'response.output_text.delta') throw new Error('Full.')
        },
      },
    )
    await expect(answer).rejects.toThrow('Full.')
  })
})
