import { describe, expect, it } from 'vitest'
import { agentFile, jsonLines, startCli } from './start-cli.ts'

const file = agentFile('hanging.ts')

describe('Ctrl-C', () => {
  it('cancels a run whose tool hangs: the call is answered, the code is 130', async () => {
    const { child, until, ended } = startCli(['run', file, 'Dig!'])
    await until(/▸ 1 dig_hole/)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toContain('Cancelling. Ctrl-C again ends the program at once.')
    expect(stderr).toMatch(/✗ 1 dig_hole .*aborted: cancelled by the user/)
    expect(stderr).toContain('cancelled · 1 turn · 1 call')
  })

  it('leaves whole JSON lines and a result behind', async () => {
    const { child, until, ended } = startCli(['run', '--json', file, 'Dig!'], {
      env: { TEST_TEXT_CHARS: '10' },
    })
    child.stdout.on('data', (chunk: string) => chunk.includes('tool.started') && child.kill('SIGINT'))
    await until(/Cancelling/)
    const { code, stdout } = await ended
    expect(code).toBe(130)
    expect(jsonLines(stdout).at(-1)).toMatchObject({
      type: 'result',
      exitCode: 130,
      stop: { reason: 'cancelled' },
    })
  })

  it('a second time ends a program that cannot end: nobody reads its output', async () => {
    const { child, until, ended } = startCli(['run', file, 'Dig!'], {
      env: { TEST_TEXT_CHARS: '1000000' },
      read: false,
    })
    await until(/▸ 1 dig_hole/)
    child.kill('SIGINT')
    await until(/cancelled · 1 turn/)
    // The same key press may be delivered twice, so a second one counts only after a moment.
    const again = setInterval(() => child.kill('SIGINT'), 100)
    const { code } = await ended
    clearInterval(again)
    expect(code).toBe(130)
  })

  it('in a chat ends the answer, not the chat; the next turn goes on from its history', async () => {
    const { child, until, ended } = startCli(['chat', file], { input: null })
    child.stdin.write('Dig!\n')
    await until(/▸ 1 dig_hole/)
    child.kill('SIGINT')
    await until(/cancelled · 1 turn/)
    child.stdin.end('And now?\n')
    const { code, stdout } = await ended
    expect(stdout).toBe('Second answer.\n')
    expect(code).toBe(0)
  })
})

describe('a reader that goes away', () => {
  it('cancels the run instead of breaking it', async () => {
    const { child, until, ended } = startCli(['run', file, 'Dig!'], { env: { TEST_TEXT_CHARS: '4000000' } })
    child.stdout.once('data', () => child.stdout.destroy())
    await until(/cancelled · 1 turn/)
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).not.toContain('EPIPE')
  })

  it('from the notes alone does not stop the answer', async () => {
    const { child, ended } = startCli(['chat', agentFile('payment.ts')], { input: null })
    child.stderr.destroy()
    child.stdin.end('Hello\nSend a payment of 1 to Ada.\n')
    const { code, stdout } = await ended
    expect(stdout).toMatch(/^Hello!/)
    expect(code).toBe(4)
  })
})
