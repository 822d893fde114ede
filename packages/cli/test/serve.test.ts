import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { serving } from './serving.ts'
import { agentFile, type Ended, jsonLines, runCli, startCli } from './start-cli.ts'

// Several programs are started one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-serve-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('serve', () => {
  it('says where it listens, and Ctrl-C ends it with 0', async () => {
    const { child, until, ended } = startCli([
      'serve',
      '--model',
      'offline',
      '--port',
      '0',
      '--store',
      'memory',
    ])
    await until(/only this machine can ask/)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    expect(stdout).toMatch(/^offline at http:\/\/127\.0\.0\.1:\d+\/v1\/responses\n$/)
    expect(stderr).toContain('Ends with the answers that are under way.')
    expect(code).toBe(0)
  })

  it('answers the official SDK, and says so as JSON', async () => {
    const { openai, models, stop } = await serving(['--model', 'offline'])
    expect(models).toEqual(['offline'])
    const { output_text } = await openai().responses.create({ model: 'offline', input: 'Hello' })
    expect(output_text).toMatch(/^Hello/)
    const { code, stdout } = await stop()
    expect(code).toBe(0)
    expect(jsonLines(stdout)).toHaveLength(1)
  })

  it('serves an agent file by the name of its agent, with its tools', async () => {
    const { openai, models, stop } = await serving(['--model', 'offline', agentFile('weather.ts')])
    expect(models).toEqual(['weather'])
    const { output } = await openai().responses.create({ model: 'weather', input: 'Weather in Oslo?' })
    expect(output[0]).toMatchObject({ type: 'mcp_call', server_label: 'weather', name: 'get_weather' })
    const other = openai().responses.create({ model: 'other', input: 'Hello' })
    await expect(other).rejects.toMatchObject({ status: 400, code: 'model_not_found' })
    await stop()
  })

  it('answers for any name, and leaves out what cannot be honoured, when it is told to', async () => {
    const { openai, stop } = await serving(['--model', 'offline', '--any-model', '--lenient'])
    const request = { model: 'other', input: 'Hello', moderation: { model: 'none' } }
    const { status } = await openai().responses.create(request as never)
    expect(status).toBe('completed')
    await stop()
  })

  it('asks for one of the keys in ANTIPHON_SERVER_KEYS, and shows none', async () => {
    const { openai, stop } = await serving(['--model', 'offline', '--host', '0.0.0.0'], {
      ANTIPHON_SERVER_KEYS: 'sk-first-key, sk-second-key',
    })
    const request = { model: 'offline', input: 'Hello' }
    await expect(openai('sk-wrong-key').responses.create(request)).rejects.toMatchObject({ status: 401 })
    for (const key of ['sk-first-key', 'sk-second-key'])
      expect((await openai(key).responses.create(request)).status).toBe('completed')
    const { code, stdout, stderr } = await stop()
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('sk-')
  })

  it('finishes after a restart what it had begun before a kill -9', async () => {
    const args = ['--store', join(temporary(), 'state/server.db'), agentFile('held.ts')]
    const first = await serving(args, { TEST_HOLD: '1' })
    const begun = { model: 'held', input: 'Weather in Oslo?', background: true, stream: true } as const
    let id = ''
    let seen = -1
    for await (const event of await first.openai().responses.create(begun)) {
      if (event.type === 'response.created') id = event.response.id
      seen = event.sequence_number
      if (event.type === 'response.mcp_call.in_progress') break
    }
    first.child.kill('SIGKILL')
    await first.ended

    const second = await serving(args)
    const rest = await second.openai().responses.retrieve(id, { stream: true, starting_after: seen })
    const numbers: number[] = []
    for await (const event of rest) numbers.push(event.sequence_number)
    expect(numbers).toEqual(numbers.map((_, n) => seen + 1 + n))
    const { status, output, output_text } = await second.openai().responses.retrieve(id)
    expect(status).toBe('completed')
    expect(output.map(({ type }) => type)).toEqual(['mcp_call', 'message'])
    expect(output_text).toContain('19')
    expect((await second.stop()).code).toBe(0)
  })
})

describe('serve refuses', () => {
  const refused = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
    runCli(['serve', '--model', 'offline', '--store', 'memory', '--port', '0', ...args], { env })

  it('an address that other machines reach, without keys', async () => {
    const { code, stdout, stderr } = await refused(['--host', '0.0.0.0'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Error: Without API keys only this machine may ask, so not on 0.0.0.0.')
    expect(stderr).toContain('ANTIPHON_SERVER_KEYS')
  })

  it('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await refused(['--port', String(port)])
    expect(code).toBe(2)
    expect(stderr).toContain(`Error: Port ${port} of 127.0.0.1 is taken.\nAnother port: --port <n>.`)
  })

  it('a webhook without a secret, with a bad one, and one that goes to this machine', async () => {
    const url = 'https://example.com/hook'
    const none = await refused(['--webhook', url])
    expect(none.code).toBe(2)
    expect(none.stderr).toMatch(/^Error: --webhook needs the secret .* ANTIPHON_WEBHOOK_SECRET\.\nMake one: /)
    const bad = await refused(['--webhook', url], { ANTIPHON_WEBHOOK_SECRET: 'swordfish' })
    expect(bad.code).toBe(2)
    expect(bad.stderr).toMatch(/^Error: A webhook secret must be "whsec_" /)
    expect(bad.stderr).not.toContain('swordfish')
    const ANTIPHON_WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const inside = await refused(['--webhook', 'http://127.0.0.1/hook'], { ANTIPHON_WEBHOOK_SECRET })
    expect(inside.code).toBe(2)
    expect(inside.stderr).toMatch(/^Error: .*127\.0\.0\.1/)
  })

  it('an agent file that is not there, as a line of JSON, too', async () => {
    const { code, stdout } = await refused(['--json', 'missing.ts'])
    expect(code).toBe(2)
    expect(jsonLines(stdout)).toMatchObject([{ type: 'result', exitCode: 2, error: { code: 'agent_file' } }])
  })
})
