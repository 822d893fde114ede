import type { InputItem } from '@antiphon/client'
import {
  type AgentOptions,
  agent,
  HookError,
  hasCalled,
  type Middleware,
  type RunError,
  type RunEvent,
  type TurnInfo,
  tool,
  validateItems,
} from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const ping = tool({ name: 'ping', execute: () => 'pong' })
const other = tool({ name: 'other', execute: () => 'other' })

const twoTurns = () => scripted([calls(call('ping')), text('Done.')])

const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })

describe('prepareTurn', () => {
  it('sees where the run is', async () => {
    const seen: TurnInfo[] = []
    const prepareTurn = (info: TurnInfo) => {
      seen.push({
        ...info,
        history: [...info.history],
        calledTools: [...info.calledTools],
        usage: { ...info.usage },
      })
      return undefined
    }
    const assistant = agent({ name: 'a', model: twoTurns(), tools: [ping], prepareTurn })
    const result = await assistant.run('Go', { context: 7 }).result()
    expect(
      seen.map((info) => [info.turn, info.calledTools, info.usage.requests, info.history.length]),
    ).toEqual([
      [0, [], 0, 1],
      [1, ['ping'], 1, 3],
    ])
    expect(seen[1]).toMatchObject({ runId: result.runId, agent: 'a', context: 7 })
    expect(seen[1]?.response?.output).toMatchObject([{ name: 'ping' }])
  })

  it('changes one turn and no other', async () => {
    const model = twoTurns()
    const prepareTurn = ({ turn }: TurnInfo) =>
      turn === 0
        ? { instructions: 'Only now.', toolChoice: 'required' as const, settings: { temperature: 0.5 } }
        : undefined
    const settings = { temperature: 1, top_p: 0.9 }
    await agent({ model, tools: [ping], instructions: 'Always.', settings, prepareTurn })
      .run('Go')
      .result()
    expect(model.requests[0]).toMatchObject({
      instructions: 'Only now.',
      tool_choice: 'required',
      temperature: 0.5,
      top_p: 0.9,
    })
    expect(model.requests[1]).toMatchObject({ instructions: 'Always.', temperature: 1, top_p: 0.9 })
    expect(model.requests[1]).not.toHaveProperty('tool_choice')
  })

  it('may take another model for a turn', async () => {
    const second = scripted([text('From the other.')], { modelName: 'second' })
    const first = scripted([calls(call('ping'))], { modelName: 'first' })
    const prices = { first: { input: 1, output: 1 }, second: { input: 10, output: 10 } }
    const prepareTurn = ({ turn }: TurnInfo) => (turn === 1 ? { model: second } : undefined)
    const result = await agent({ model: first, tools: [ping], prepareTurn, prices })
      .run('Go')
      .result()
    expect(result.text).toBe('From the other.')
    expect(second.requests[0]?.input).toHaveLength(3)
    expect(result.costUsd).toBeCloseTo(120e-6 + 1200e-6)
  })

  it('cannot lead around the middleware with another model', async () => {
    const asked: string[] = []
    let wrapped = 0
    const watch: Middleware = {
      name: 'watch',
      model: (next) => {
        wrapped++
        return (request, sink, context) => {
          asked.push(next.modelName ?? '')
          return next(request, sink, context)
        }
      },
    }
    const second = scripted([calls(call('ping')), text('Done.')], { modelName: 'second' })
    const first = scripted([calls(call('ping'))], { modelName: 'first' })
    const prepareTurn = ({ turn }: TurnInfo) => (turn > 0 ? { model: second } : undefined)
    await agent({ model: first, tools: [ping], prepareTurn, use: [watch] })
      .run('Go')
      .result()
    expect(asked).toEqual(['first', 'second', 'second'])
    expect(wrapped).toBe(2)
  })

  it('may hide tools: they are neither declared nor executed', async () => {
    let ran = 0
    const hidden = tool({ name: 'hidden', execute: () => ++ran })
    const model = scripted([calls(call('hidden'), call('ping')), text('Done.')])
    const prepareTurn = ({ turn }: TurnInfo) => (turn === 0 ? { tools: ['ping', 'web_search'] } : undefined)
    const tools = [
      hidden,
      ping,
      { type: 'web_search' as const },
      { type: 'code_interpreter' as const, container: { type: 'auto' as const } },
    ]
    const result = await agent({ model, tools, prepareTurn }).run('Go').result()
    expect(model.requests[0]?.tools).toMatchObject([{ name: 'ping' }, { type: 'web_search' }])
    expect(model.requests[1]?.tools).toHaveLength(4)
    expect(ran).toBe(0)
    expect(result.history).toContainEqual(
      expect.objectContaining({ output: 'Error: there is no tool "hidden". Tools: ping.' }),
    )
  })

  it('may send another input, and the history stays as it is', async () => {
    const model = twoTurns()
    const prepareTurn = ({ turn, history }: TurnInfo) =>
      turn === 1 ? { input: history.slice(0, 1) } : undefined
    const result = await agent({ model, tools: [ping], prepareTurn })
      .run('Go')
      .result()
    expect(model.requests[1]?.input).toEqual([user('Go')])
    expect(result.history).toHaveLength(4)
    expect(validateItems(result.history)).toEqual([])
  })

  it('may be asynchronous', async () => {
    const model = scripted([text('ok')])
    await agent({ model, prepareTurn: async () => ({ instructions: 'Later.' }) })
      .run('Go')
      .result()
    expect(model.requests[0]?.instructions).toBe('Later.')
  })
})

describe('instructions', () => {
  it('may be a function of the turn', async () => {
    const model = twoTurns()
    const instructions = async ({ turn, context }: TurnInfo) => `Turn ${turn} for ${context}.`
    await agent({ model, tools: [ping], instructions })
      .run('Go', { context: 'Ann' })
      .result()
    expect(model.requests.map((request) => request.instructions)).toEqual([
      'Turn 0 for Ann.',
      'Turn 1 for Ann.',
    ])
  })

  it('are not sent when there are none', async () => {
    const model = scripted([text('ok')])
    await agent({ model }).run('Go').result()
    expect(Object.keys(model.requests[0] ?? {})).toEqual(['input'])
  })
})

describe('toolChoice', () => {
  const allowed = (mode: 'auto' | 'required') => ({
    type: 'allowed_tools' as const,
    mode,
    tools: [{ type: 'function', name: 'ping' }],
  })
  const sent = async (options: Partial<AgentOptions>) => {
    const model = twoTurns()
    await agent({ model, tools: [ping], ...options })
      .run('Go')
      .result()
    return model.requests.map((request) => request.tool_choice)
  }
  it.each<[string, Partial<AgentOptions>, unknown[]]>([
    ['required', { toolChoice: 'required' }, ['required', undefined]],
    [
      'one function',
      { toolChoice: { type: 'function', name: 'ping' } },
      [{ type: 'function', name: 'ping' }, undefined],
    ],
    ['required tools', { toolChoice: allowed('required') }, [allowed('required'), allowed('auto')]],
    ['allowed tools', { toolChoice: allowed('auto') }, [allowed('auto'), allowed('auto')]],
    ['auto', { toolChoice: 'auto' }, ['auto', 'auto']],
    ['none', { toolChoice: 'none' }, ['none', 'none']],
    ['required and kept', { toolChoice: 'required', resetToolChoice: false }, ['required', 'required']],
  ])('%s is sent and then left as it should be', async (_name, options, expected) => {
    expect(await sent(options)).toEqual(expected)
  })
})

describe('stopWhen', () => {
  it('stops after a turn, once its calls are answered', async () => {
    const model = scripted([{ text: 'I ping.', calls: [call('ping')] }])
    const result = await agent({ model, tools: [ping, other], stopWhen: hasCalled('other', 'ping') })
      .run('Go')
      .result()
    expect(result.stop).toEqual({ reason: 'stop_when' })
    expect(result.text).toBe('I ping.')
    expect(validateItems(result.history)).toEqual([])
  })

  it('may be several, of which one is enough', async () => {
    const seen: number[] = []
    const stopWhen = [
      ({ turn }: TurnInfo) => {
        seen.push(turn)
        return false
      },
      async ({ turn }: TurnInfo) => turn === 2,
    ]
    const model = scripted([calls(call('ping')), calls(call('ping')), text('never')])
    const result = await agent({ model, tools: [ping], stopWhen })
      .run('Go')
      .result()
    expect(result.stop).toEqual({ reason: 'stop_when' })
    expect(result.turns).toBe(2)
    expect(seen).toEqual([1, 2])
  })
})

describe('middleware', () => {
  const trace = (name: string, log: string[]): Middleware => ({
    name,
    model: (next) => async (request, sink, context) => {
      log.push(`${name} model in`)
      await next(request, sink, context)
      log.push(`${name} model out`)
    },
    tool: (next) => async (toolCall, context) => {
      log.push(`${name} tool in`)
      const value = await next(toolCall, context)
      log.push(`${name} tool out`)
      return value
    },
  })

  it('wraps model and tools, the first outermost', async () => {
    const log: string[] = []
    const own = tool({ name: 'ping', execute: () => void log.push('ping') })
    const assistant = agent({ model: twoTurns(), tools: [own], use: [trace('a', log), trace('b', log)] })
    await assistant.run('Go').result()
    const model = ['a model in', 'b model in', 'b model out', 'a model out']
    expect(log).toEqual([...model, 'a tool in', 'b tool in', 'ping', 'b tool out', 'a tool out', ...model])
  })

  it('sees the parsed input and the text the model wrote, and may answer instead', async () => {
    const seen: unknown[] = []
    let ran = 0
    const guard: Middleware = {
      name: 'guard',
      tool: (next) => (toolCall, context) => {
        seen.push([toolCall.name, toolCall.input, toolCall.arguments, toolCall.callId === context.callId])
        return (toolCall.input as { n: number }).n > 5 ? 'too much' : next(toolCall, context)
      },
    }
    const own = tool({ name: 'own', inputSchema: z.object({ n: z.number() }), execute: () => ++ran })
    const model = scripted([calls(call('own', { n: 1 }), call('own', { n: 9 })), text('Done.')])
    const result = await agent({ model, tools: [own], use: [guard] })
      .run('Go')
      .result()
    expect(ran).toBe(1)
    expect(seen).toEqual([
      ['own', { n: 1 }, '{"n":1}', true],
      ['own', { n: 9 }, '{"n":9}', true],
    ])
    expect(result.history).toContainEqual(expect.objectContaining({ output: 'too much' }))
  })

  it('around a tool that throws tells the model', async () => {
    const broken: Middleware = {
      name: 'broken',
      tool: () => () => {
        throw new Error('guard fell over')
      },
    }
    const result = await agent({ model: twoTurns(), tools: [ping], use: [broken] })
      .run('Go')
      .result()
    expect(result.history).toContainEqual(expect.objectContaining({ output: 'Error: guard fell over' }))
  })

  it('around the model that throws fails the run', async () => {
    const broken: Middleware = {
      name: 'broken',
      model: () => () => {
        throw new Error('guard fell over')
      },
    }
    const run = agent({ model: twoTurns(), tools: [ping], use: [broken] }).run('Go')
    await expect(run.result()).rejects.toMatchObject({ message: expect.stringContaining('guard fell over') })
  })
})

describe('a hook that throws', () => {
  const fail = (): never => {
    throw new Error('my hook is broken')
  }
  const failLater = async (): Promise<never> => fail()
  const gated = (needsApproval: () => never | Promise<never>) => [
    tool({ name: 'ping', needsApproval, execute: () => 'pong' }),
  ]
  const keyed = [tool({ name: 'ping', key: fail, execute: () => 'pong' })]
  const reading = [tool({ name: 'ping', key: fail, effect: 'read', execute: () => 'pong' })]
  const cases: [string, Partial<AgentOptions>, RegExp][] = [
    ['prepareTurn', { prepareTurn: fail }, /prepareTurn threw: my hook/],
    ['prepareTurn, later', { prepareTurn: failLater }, /prepareTurn threw/],
    [
      'prepareTurn in the second turn',
      { prepareTurn: ({ turn }) => (turn === 1 ? fail() : undefined) },
      /prepareTurn/,
    ],
    ['instructions', { instructions: fail }, /instructions threw/],
    ['instructions, later', { instructions: failLater }, /instructions threw/],
    ['stopWhen', { stopWhen: fail }, /stopWhen threw/],
    ['stopWhen, later', { stopWhen: [() => false, failLater] }, /stopWhen threw/],
    ['needsApproval', { tools: gated(fail) }, /needsApproval of tool "ping" threw/],
    ['needsApproval, later', { tools: gated(failLater) }, /needsApproval of tool "ping" threw/],
    ['key', { tools: keyed }, /key of tool "ping" threw/],
    ['key of an eager tool', { tools: reading }, /key of tool "ping" threw/],
  ]
  it.each(cases)('fails the run and leaves a valid history: %s', async (_name, options, message) => {
    const run = agent({ model: twoTurns(), tools: [ping], ...options }).run('Go')
    const events: RunEvent[] = []
    run.on('event', (event) => events.push(event))
    const error = (await run.result().catch((reason: unknown) => reason)) as RunError
    expect(error.cause).toBeInstanceOf(HookError)
    expect(error.code).toBe('hook_failed')
    expect(error.message).toMatch(message)
    expect(validateItems(error.result.history)).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', stop: { reason: 'error', code: 'hook_failed' } })
  })

  it('with nothing fails the run, too', async () => {
    const prepareTurn = (): never => {
      throw undefined
    }
    const error = await agent({ model: twoTurns(), prepareTurn })
      .run('Go')
      .result()
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'hook_failed' })
  })
})
