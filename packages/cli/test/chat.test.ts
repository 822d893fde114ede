import { fakeUpstream } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { agentFile, jsonLines, runCli } from './start-cli.ts'

describe('chat', () => {
  it('keeps the history between turns, until /reset', async () => {
    const { code, stdout } = await runCli(['chat', '--json', agentFile('payment.ts')], {
      input: 'Hello\n\nHello again\n/reset\nHello\n/exit\nnever said\n',
    })
    const results = jsonLines(stdout).filter(({ type }) => type === 'result')
    const input = results.map(({ usage }) => (usage as { inputTokens: number }).inputTokens)
    expect(code).toBe(0)
    expect(results).toHaveLength(3)
    expect(input[1]).toBeGreaterThan(input[0] ?? 0)
    expect(input[2]).toBe(input[0])
  })

  it('knows its commands, and says so for others', async () => {
    const { code, stdout, stderr } = await runCli(['chat', agentFile('payment.ts')], {
      input: '/help\n/usage\nHello\n/usage\n/nope\n',
    })
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain('/reset  forget the conversation')
    expect(stderr).toContain('0 model calls, 0 tokens')
    expect(stderr).toMatch(/1 model call, \d+ tokens/)
    expect(stderr).toContain('There is no command /nope.')
  })

  it('stops with 4 at a call nobody can decide on', async () => {
    const { code, stdout } = await runCli(['chat', agentFile('payment.ts')], {
      input: 'Send a payment of 1 to Ada.\nHello\n',
    })
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
  })

  it('goes on after a turn that failed, with what was said before it', async () => {
    const server = await fakeUpstream({
      answers: ['One.', { status: 400, body: { message: 'no' } }, 'Three.'],
    })
    try {
      const { code, stdout, stderr } = await runCli(['chat', '--base-url', server.url], {
        input: 'First\nSecond\nThird\n',
      })
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'One.\nThree.\n' })
      expect(stderr).toContain('Error: POST /responses')
      expect(server.requests[2]?.body.input).toMatchObject([
        { role: 'user', content: 'First' },
        { role: 'assistant' },
        { role: 'user', content: 'Second' },
        { role: 'user', content: 'Third' },
      ])
    } finally {
      await server.close()
    }
  })
})
