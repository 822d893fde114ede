import { describe, expect, it } from 'vitest'
import { agentFile, jsonLines, runCli } from './start-cli.ts'

const file = agentFile('payment.ts')
const PAY = 'Send a payment of 250 to Grace.'
const ask = (input: string) => runCli(['run', '--interactive', file, PAY], { input })

describe('a call that needs approval', () => {
  it('stops the run with 4 where nobody can be asked, and prints what waits as JSON', async () => {
    const { code, stdout, stderr } = await runCli(['run', file, PAY])
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    const line = stderr.split('\n').find((one) => one.startsWith('{')) ?? ''
    expect(JSON.parse(line)).toMatchObject({
      type: 'pending',
      calls: [{ kind: 'approval', name: 'send_payment', arguments: '{"recipient":"Grace","amount":250}' }],
    })
  })

  it('is in the JSON result, with the state to resume from', async () => {
    const { code, stdout } = await runCli(['run', '--json', file, PAY])
    expect(code).toBe(4)
    expect(jsonLines(stdout).at(-1)).toMatchObject({
      type: 'result',
      exitCode: 4,
      stop: { reason: 'approval', pending: [{ name: 'send_payment' }] },
      state: { version: 1, agent: 'cashier' },
    })
  })

  it('runs with --yes', async () => {
    const { code, stdout } = await runCli(['run', '--yes', file, PAY])
    expect(code).toBe(0)
    expect(stdout).toContain('Paid 250 to Grace.')
  })

  it('is never asked about with --no-input', async () => {
    const { code, stderr } = await runCli(['run', '--no-input', '--interactive', file, PAY], { input: 'y\n' })
    expect(code).toBe(4)
    expect(stderr).not.toContain('[y]es')
  })
})

describe('--interactive', () => {
  it('shows the whole call and takes yes', async () => {
    const { code, stdout, stderr } = await ask('y\n')
    expect(code).toBe(0)
    expect(stdout).toContain('Paid 250 to Grace.')
    expect(stderr).toContain('send_payment wants to run:\n{\n  "recipient": "Grace",\n  "amount": 250\n}')
  })

  it('takes edited arguments, after asking again for what is no JSON', async () => {
    const { code, stdout, stderr } = await ask('e {"amount":\ne {"recipient":"Grace","amount":200}\n')
    expect(code).toBe(0)
    expect(stdout).toContain('Paid 200 to Grace.')
    expect(stderr).toContain('This is not JSON')
  })

  it('takes no, with a reason that the model reads', async () => {
    const { code, stdout } = await ask('n over budget\n')
    expect(code).toBe(0)
    expect(stdout).toContain('over budget')
    expect(stdout).not.toContain('Paid')
  })

  it('asks again for an answer that is none, and stops with 4 at the end of the input', async () => {
    const { code, stderr } = await ask('maybe\n')
    expect(code).toBe(4)
    expect(stderr.match(/\[y\]es/g)).toHaveLength(2)
  })

  it('remembers "all" for the rest of a chat', async () => {
    const { code, stdout, stderr } = await runCli(['chat', '--interactive', file], {
      input: `${PAY}\na\nSend a payment of 30 to Ada.\n`,
    })
    expect(code).toBe(0)
    expect(stdout).toContain('Paid 250 to Grace.')
    expect(stdout).toContain('Paid 30 to Ada.')
    expect(stderr.match(/\[y\]es/g)).toHaveLength(1)
  })
})
