import { sqlite } from '@antiphon/store/sqlite'
import { agent, approve, tool } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'

it.each([undefined, { arguments: { user: 'ada', password: 'another one' } }])(
  'a call is not run with arguments that nobody has approved, because the store took some out (%j)',
  async (edited) => {
    await using store = sqlite(':memory:', { redact: { fields: ['password'] } })
    const tried: unknown[] = []
    const login = tool({
      name: 'login',
      inputSchema: z.object({ user: z.string(), password: z.string() }),
      needsApproval: true,
      execute: (input) => {
        tried.push(input)
        return 'ok'
      },
    })
    const steps = [calls(call('login', { user: 'ada', password: 'hunter22' })), text('Not logged in.')]
    const doorman = (from: number) => agent({ model: scripted(steps.slice(from)), tools: [login] })
    const { stop } = await doorman(0).run('Log in.', { store, runId: 'login-1' }).result()
    const [waiting] = stop.reason === 'approval' ? stop.pending : []
    if (waiting === undefined) throw new Error('expected a call to wait')
    const { items, stop: end } = await doorman(1)
      .resume('login-1', [approve(waiting, edited)], { store })
      .result()
    expect(tried).toEqual([])
    expect(end.reason).toBe('done')
    expect(items).toContainEqual(
      expect.objectContaining({
        output: expect.stringMatching(/^Not executed: it was approved with arguments/),
      }),
    )
  },
)
