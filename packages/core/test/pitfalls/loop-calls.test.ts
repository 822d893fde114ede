import { agent, ConfigError, retry, type Tool, tool, toolOutput } from 'antiphon'
import { call, callItem, calls } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { modelOf, outcomeOf, outputsOf, runOn, sealed, serve, traces, watchProcess } from '../faults-world.ts'

watchProcess()

type Sent = { type: string; call_id?: string; [field: string]: unknown }[]

describe('pitfall 10: parallel calls of which one has no output', () => {
  const odd = [
    tool({
      name: 'throws',
      execute: () => {
        throw new Error('no')
      },
    }),
    tool({ name: 'hangs', timeoutMs: 20, execute: () => new Promise(() => undefined) }),
    tool({ name: 'typed', inputSchema: z.object({ a: z.number() }), execute: () => 'typed' }),
    tool({ name: 'parts', execute: () => toolOutput({ content: [{ type: 'input_text', text: 'a part' }] }) }),
    tool({ name: 'nothing', execute: () => undefined }),
  ]
  const list = ['throws', 'hangs', 'typed', 'unknown', 'parts', 'nothing', 'throws']

  it('are all answered, in the order of the calls, whatever became of them', async () => {
    const { upstream, result } = await runOn(
      [calls(...list.map((name, n) => call(name, {}, `c${n}`))), 'ok'],
      { tools: odd as Tool[], limits: { toolCalls: 6 }, onLimit: 'answer' },
    )
    const sent = upstream.requests[1]!.body.input as unknown as Sent
    const outputs = sent.filter(({ type }) => type === 'function_call_output')
    expect(outputs.map(({ call_id }) => call_id)).toEqual(list.map((_, n) => `c${n}`))
    expect(outputs.every(({ output }) => output !== undefined && output !== null)).toBe(true)
    expect(result.text).toBe('ok')
  })

  it('are all answered after an abort, too, before the next request', async () => {
    const upstream = await serve({
      answers: [calls(...list.map((name, n) => call(name, {}, `c${n}`))), 'ok'],
    })
    const assistant = agent({ model: modelOf(upstream), tools: odd as Tool[] })
    const run = assistant.run('Go')
    run.on('tool.started', () => run.cancel())
    const { result } = await outcomeOf(run)
    expect(outputsOf(result.history)).toHaveLength(list.length)
    const next = await outcomeOf(
      assistant.run([...result.history, { type: 'message', role: 'user', content: 'Go on' }]),
    )
    expect(next.result.text).toBe('ok')
  })
})

describe('pitfall 12: an undeclared wrapper around several calls', () => {
  const uses = (...names: string[]) => ({
    tool_uses: names.map((name) => ({ recipient_name: name, parameters: { city: 'Oslo' } })),
  })

  it.each(['parallel', 'multi_tool_use.parallel'])(
    '(%s) is unwrapped, and answered with one output under its own id',
    async (name) => {
      const { tools, ran } = traces()
      const { upstream, result } = await runOn(
        [calls(call(name, uses('functions.look', 'book', 'functions.fly'), 'c1')), 'ok'],
        { tools },
      )
      expect(ran).toEqual(['look Oslo', 'book Oslo'])
      const sent = upstream.requests[1]!.body.input as unknown as Sent
      expect(sent.map(({ type, call_id }) => [type, call_id])).toEqual([
        ['message', undefined],
        ['function_call', 'c1'],
        ['function_call_output', 'c1'],
      ])
      const [output] = outputsOf(result.history)
      expect(output).toContain('saw Oslo')
      expect(output).toContain('booked Oslo')
      expect(output).toContain('there is no tool')
    },
  )

  it.each([{}, { tool_uses: 'look' }, { tool_uses: [] }, { tool_uses: [null, 5, {}] }, '{'])(
    'that holds no calls (%j) is answered all the same',
    async (args) => {
      const { tools, ran } = traces()
      const { result, error } = await runOn([calls(call('multi_tool_use.parallel', args)), 'ok'], { tools })
      expect(error).toBeUndefined()
      expect(ran).toEqual([])
      expect(outputsOf(result.history)).toHaveLength(1)
      expect(result.text).toBe('ok')
    },
  )

  it('is no wrapper when a tool has that name', async () => {
    const own = tool({ name: 'parallel', inputSchema: z.object({}).loose(), execute: () => 'mine' })
    const { result } = await runOn([calls(call('parallel', uses('look'))), 'ok'], { tools: [own] })
    expect(outputsOf(result.history)).toEqual(['mine'])
  })
})

describe('pitfall 19: a call that arrives as text', () => {
  it.each([
    '<tool_call>{"name":"look"}</tool_call>',
    '\n<function=look>{}</function>',
    '[TOOL_CALLS] [{"name":"look"}]',
  ])('(%j) is told in a warning that says what to do', async (text) => {
    const { tools } = traces()
    const { result } = await runOn([text], { tools })
    expect(result.warnings).toMatchObject([{ code: 'tool_call_as_text' }])
    expect(result.warnings[0]?.message).toContain('parser')
    expect(result.text).toBe(text)
  })

  it('is no matter without tools, nor in the middle of a text', async () => {
    const { tools } = traces()
    expect((await runOn(['<tool_call>x</tool_call>'])).result.warnings).toEqual([])
    expect((await runOn(['Write <tool_call> to call.'], { tools })).result.warnings).toEqual([])
  })
})

describe('pitfall 20: no terminal event', () => {
  it('is never a success, and tools that ran before do not run again', async () => {
    const { tools, ran } = traces()
    const asks = calls(call('look', { city: 'Oslo' }), call('book', { city: 'Oslo' }))
    const { result, error } = await runOn([asks, { text: 'All is', noTerminal: true }], { tools })
    expect(error).toMatchObject({ code: 'stream_truncated', retryable: true })
    expect(ran).toEqual(['look Oslo', 'book Oslo'])
    expect(result.text).toBe('')
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
  })

  it('is tried again where nothing was shown, and only there', async () => {
    const { tools, ran } = traces()
    const asks = calls(call('book', { city: 'Oslo' }))
    const use = [retry({ baseMs: 0 })]
    const silent = await runOn([asks, { text: 'x', cutAfterEvents: 2 }, 'Done.'], { tools, use })
    expect(silent.result.text).toBe('Done.')
    expect(silent.upstream.requests).toHaveLength(3)
    const shown = await runOn([asks, { text: 'one two', cutAfterEvents: 5 }, 'Done.'], { tools, use })
    expect(shown.error?.code).toBe('stream_cut')
    expect(shown.upstream.requests).toHaveLength(2)
    expect(ran).toEqual(['book Oslo', 'book Oslo'])
  })

  it('after a call was sealed starts no second one', async () => {
    const { tools, ran } = traces()
    const { upstream, error } = await runOn(
      [{ ...calls(call('look', { city: 'Oslo' })), noTerminal: true }, 'Done.'],
      { tools, use: [retry({ baseMs: 0 })] },
    )
    expect(error?.code).toBe('stream_truncated')
    expect(ran).toEqual(['look Oslo'])
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('pitfall 21: a response that is incomplete', () => {
  it('executes no call of it, stops, and asks nothing more', async () => {
    const { tools, ran } = traces()
    const { result, upstream } = await runOn(
      [
        {
          ...calls(call('book', { city: 'Oslo' }), call('book', { city: 'Bergen' })),
          incomplete: 'max_output_tokens',
        },
        'never',
      ],
      { tools },
    )
    expect(ran).toEqual([])
    expect(result.stop).toEqual({ reason: 'incomplete', details: 'max_output_tokens' })
    expect(upstream.requests).toHaveLength(1)
  })

  it('does not take empty arguments for none', async () => {
    const ran: string[] = []
    const wipe = tool({ name: 'wipe', execute: () => void ran.push('wiped') })
    const half = { ...callItem('wipe', '', 'c1'), status: 'incomplete' }
    await runOn(
      [sealed([half], { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })],
      { tools: [wipe] },
    )
    // Some servers call such a response completed.
    const { result } = await runOn([sealed([half]), 'ok'], { tools: [wipe] })
    expect(ran).toEqual([])
    expect(outputsOf(result.history)).toEqual(['Not executed: the response ended inside this call.'])
  })
})

describe('pitfall 33: a forced tool_choice', () => {
  it.each(['required', { type: 'function', name: 'look' }] as const)(
    '(%j) is let go after the first calls, so that the model can answer',
    async (toolChoice) => {
      const { tools } = traces()
      const upstream = await serve({
        answers: ({ body }) =>
          body.tool_choice === undefined || body.tool_choice === 'auto'
            ? 'Seen.'
            : calls(call('look', { city: 'Oslo' })),
      })
      const { result } = await outcomeOf(agent({ model: modelOf(upstream), tools, toolChoice }).run('Go'))
      expect(result.text).toBe('Seen.')
      expect(upstream.requests.map(({ body }) => body.tool_choice)).toEqual([toolChoice, undefined])
    },
  )

  it('that is kept on purpose ends at the limit, with an answer', async () => {
    const { tools } = traces()
    const upstream = await serve({
      answers: ({ body }) =>
        body.tool_choice === 'none' ? 'Enough.' : calls(call('look', { city: 'Oslo' })),
    })
    const options = { tools, toolChoice: 'required' as const, resetToolChoice: false, limits: { turns: 3 } }
    const { result } = await outcomeOf(agent({ model: modelOf(upstream), ...options }).run('Go'))
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'turns' })
    expect(result.text).toBe('Enough.')
    expect(upstream.requests).toHaveLength(4)
  })
})

describe('pitfall 42: names that servers refuse', () => {
  it.each(['files.read', 'files/read', 'read file', '', 'x'.repeat(129), 'läs'])(
    '%j is refused where the tool is defined',
    (name) => {
      expect(() => tool({ name, execute: () => 1 })).toThrow(ConfigError)
    },
  )

  it.each(['files.read', 'functions.look', 'mcp__files/read', 'x'.repeat(5000)])(
    '(%#) is answered when a model calls it, and the call goes back as it was',
    async (name) => {
      const { tools, ran } = traces()
      const { result, upstream } = await runOn([calls(call(name, { city: 'Oslo' })), 'ok'], { tools })
      expect(ran).toEqual([])
      expect(outputsOf(result.history)[0]).toContain('there is no tool')
      expect((upstream.requests[1]!.body.input as unknown as Sent)[1]).toMatchObject({ name })
    },
  )
})
