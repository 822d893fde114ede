import { agent, tool, validateItems } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

describe('a slot that is never given back', () => {
  it('lets no call wait for ever behind it', async () => {
    const started: number[] = []
    const deaf = tool({
      name: 'deaf',
      inputSchema: z.object({ n: z.number() }),
      timeoutMs: 20,
      queueTimeoutMs: 60,
      execute: ({ n }) => {
        started.push(n)
        return new Promise(() => undefined) // ignores its signal and its time
      },
    })
    const model = scripted([
      calls(call('deaf', { n: 1 }), call('deaf', { n: 2 }), call('deaf', { n: 3 })),
      text('Enough.'),
    ])
    const result = await agent({ model, tools: [deaf], concurrency: 1 })
      .run('go')
      .result()
    expect(started).toEqual([1])
    expect(result.text).toBe('Enough.')
    expect(validateItems(result.history)).toEqual([])
    const outputs = result.items.flatMap((item) =>
      item.type === 'function_call_output' ? [String(item.output)] : [],
    )
    expect(outputs[0]).toContain('took longer than 20 ms')
    expect(outputs.slice(1).every((output) => output.includes('no slot came free within 60 ms'))).toBe(true)
  })

  it('does not count against a call that gets its slot', async () => {
    const slow = tool({
      name: 'slow',
      inputSchema: z.object({}),
      queueTimeoutMs: 10_000,
      execute: () => new Promise((resolve) => setTimeout(() => resolve('done'), 15)),
    })
    const model = scripted([calls(call('slow', {}), call('slow', {})), text('Both.')])
    const run = agent({ model, tools: [slow], concurrency: 1 }).run('go')
    const outcomes: string[] = []
    run.on('tool.ended', ({ outcome }) => outcomes.push(outcome))
    expect((await run.result()).text).toBe('Both.')
    expect(outcomes).toEqual(['ok', 'ok'])
  })

  it('refuses a bound that is none', () => {
    expect(() => tool({ name: 'f', queueTimeoutMs: 0, execute: () => 1 })).toThrow(/queueTimeoutMs/)
  })
})
