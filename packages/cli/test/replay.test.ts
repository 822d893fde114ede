import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { approve, formatLog, type LogRecord, type Model, memoryRuns, memorySession, record } from 'antiphon'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import { createColors } from 'picocolors'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeLog } from '../src/log/describe-log.ts'
import { runLog } from '../src/log/read-log.ts'
import { resumeRecorded } from '../src/log/resume-recorded.ts'
import cashier from './agents/payment.ts'
import weather from './agents/weather.ts'
import { agentFile, jsonLines, runCli } from './start-cli.ts'

// Several programs are started one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'antiphon-replay-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const STEPS: ScriptStep[] = [
  calls(call('get_weather', { city: 'Oslo' }), call('get_wether', { city: 'Rome' })),
  text('Mild in Oslo.\nNothing is known of Rome.'),
]

const save = (name: string, log: string | readonly LogRecord[]): string => {
  const file = join(folder, name)
  writeFileSync(file, typeof log === 'string' ? log : formatLog(log))
  return file
}

/** The log of a kept run of the agent in weather.ts. */
const weatherLog = async (steps = STEPS): Promise<readonly LogRecord[]> => {
  const store = memoryRuns()
  await weather({ model: scripted(steps) })
    .run('How is it in Oslo?', { store, runId: 'oslo-1' })
    .result()
  return store.read('oslo-1')
}

describe('replay <log>', () => {
  it('prints the run as it was: input, turns, calls with times, text, end', async () => {
    const { code, stdout, stderr } = await runCli(['replay', save('whole.jsonl', await weatherLog())])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^run oslo-1 · agent weather · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
    expect(lines[1]).toBe('› How is it in Oslo?')
    expect(lines[2]).toMatch(/^turn 1 · weather · [\d.]+ m?s · 120 tokens$/)
    expect(lines[3]).toMatch(
      /^ {2}✓ get_weather\(city: "Oslo"\) {2}[\d.]+ m?s {2}\{"city":"Oslo","celsius":19\}$/,
    )
    expect(lines[4]).toMatch(/^ {2}- get_wether\(city: "Rome"\) {2}.*get_wether/)
    expect(lines.slice(6, 8)).toEqual(['  Mild in Oslo.', '  Nothing is known of Rome.'])
    expect(lines[9]).toMatch(/^done · 2 turns · 1 call · 240 tokens · [\d.]+ m?s$/)
  })

  it('shows what waited, who decided, and what an agent inside a call did', async () => {
    const store = memoryRuns()
    const model = scripted([calls(call('send_payment', { recipient: 'Ada', amount: 5 })), text('Paid.')])
    const outer = scripted([calls(call('cashier', { input: 'pay Ada 5' })), text('Done.')])
    const { agent, tool } = await import('antiphon')
    const { z } = await import('zod')
    const pay = tool({
      name: 'send_payment',
      description: 'Pays',
      inputSchema: z.object({ recipient: z.string(), amount: z.number() }),
      needsApproval: true,
      execute: () => 'ok',
    })
    const inner = agent({ name: 'cashier', model, tools: [pay] })
    const desk = agent({ name: 'desk', model: outer, tools: [inner.asTool()] })
    const first = await desk.run('Pay.', { store, runId: 'p' }).result()
    const waiting = save('waiting.jsonl', await store.read('p'))
    const before = await runCli(['replay', waiting])
    expect(before.stdout).toMatch(/waits: 1 call to decide \(send_payment\) · 2 turns · 0 calls/)

    const pending = first.stop.reason === 'approval' ? first.stop.pending : []
    await desk
      .resume(
        'p',
        pending.map((one) => approve(one)),
        { store },
      )
      .result()
    const after = await runCli(['replay', save('decided.jsonl', await store.read('p'))])
    expect(after.stdout).toMatch(/^ {2}✓ cashier\(input: "pay Ada 5"\).*\n {4}turn 1 · cashier/m)
    expect(after.stdout).toMatch(
      /^ {6}\? send_payment\(.*\) {2}waited for approval: approved\n {6}✓ send_payment/m,
    )
  })

  it('prints every record with --json, requests in full', async () => {
    const records = await weatherLog()
    const { code, stdout } = await runCli(['replay', '--json', save('json.jsonl', records)])
    const lines = jsonLines(stdout)
    expect(code).toBe(0)
    expect(lines.map(({ type }) => type)).toEqual(['run', 'model', 'tool', 'model', 'end', 'result'])
    expect(lines[3]).toMatchObject({
      key: 't1/model',
      agent: 'weather',
      request: { input: [{ role: 'user' }, {}, {}, { type: 'function_call_output' }, {}] },
      response: { status: 'completed' },
    })
    expect(lines.at(-1)).toEqual({ type: 'result', exitCode: 0 })
  })

  it('reads a damaged log up to the damage, and says where', async () => {
    const whole = formatLog(await weatherLog())
    const file = save('cut.jsonl', whole.slice(0, whole.lastIndexOf('\n', whole.length - 2) - 5))
    const { code, stdout } = await runCli(['replay', file])
    expect(code).toBe(1)
    expect(stdout).toMatch(/turn 1 · weather/)
    expect(stdout).toMatch(/no end is recorded · 1 turn · 1 call/)
    expect(stdout).toMatch(/damaged at line 4: it is not JSON, and seems to be cut/)
    const json = jsonLines((await runCli(['replay', '--json', file])).stdout)
    expect(json.slice(-2)).toEqual([
      { type: 'damage', line: 4, reason: expect.stringContaining('cut') as string },
      { type: 'result', exitCode: 1 },
    ])
  })

  it('lets no text of a log steer the terminal', async () => {
    const hostile = '\u001b[31mred\u009b2J\r\u202e'
    const log = await weatherLog([calls(call('get_weather', { city: hostile })), text(`a${hostile}`)])
    const { stdout } = await runCli(['replay', save('hostile.jsonl', log)], { env: { FORCE_COLOR: '1' } })
    expect(stdout).toContain('␛[31mred')
    expect(stdout).not.toMatch(/[\p{Cc}\u202e](?<!\n)/u)
  })

  it.each<[string, string | undefined, RegExp]>([
    ['a file that is not there', undefined, /There is no log/],
    ['a file that is none', 'hello\n', /not the log of a run: line 1, it is not JSON/],
    [
      'a newer log',
      '{"seq":1,"key":"run","kind":"run","at":1,"value":{"version":9,"input":[]}}',
      /version 9/,
    ],
  ])('refuses %s', async (name, content, message) => {
    const file = content === undefined ? join(folder, 'none') : save(`${name}.jsonl`, content)
    const { code, stdout, stderr } = await runCli(['replay', file])
    expect(code).toBe(name === 'a newer log' ? 1 : 2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
  })
})

describe('replay <log> <agent file>', () => {
  const weatherFile = agentFile('weather.ts')

  it('says that the agent goes the same way, and asks no model for it', async () => {
    const log = save('same.jsonl', await weatherLog())
    const { code, stdout, stderr } = await runCli(['replay', log, weatherFile])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('✓ The agent goes the way of the log: 2 turns, 2 calls.\n')
  })

  it('says where the agent goes another way', async () => {
    const text = formatLog(await weatherLog()).replaceAll('Current weather in a city', 'The weather')
    const log = save('other.jsonl', text)
    const { code, stdout } = await runCli(['replay', log, weatherFile])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✗ The agent goes another way, at t0\/model tools\[0\]\.description\.\n/)
    expect(stdout).toMatch(/recorded: "The weather"\n {2}asked: {4}"Current weather in a city"/)
    const lines = jsonLines((await runCli(['replay', '--json', log, weatherFile])).stdout)
    expect(lines).toEqual([
      {
        type: 'comparison',
        same: false,
        key: 't0/model',
        path: 'tools[0].description',
        message: expect.any(String) as string,
      },
      { type: 'result', exitCode: 1 },
    ])
  })

  it('says when the agent ends elsewhere', async () => {
    const records = await weatherLog()
    const ends = (change: object) => [
      ...records.slice(0, -1),
      { ...(records.at(-1) as LogRecord), value: change },
    ]
    const { value } = records.at(-1) as { value: { text: string } }
    const text = await runCli(['replay', save('t.jsonl', ends({ ...value, text: 'No.' })), weatherFile])
    expect(text.stdout).toMatch(/at end text\.\nthe answer was "No\.", and now is "Mild/)
    const stop = await runCli([
      'replay',
      save('s.jsonl', ends({ ...value, stop: { reason: 'limit' } })),
      weatherFile,
    ])
    expect(stop.stdout).toMatch(/at end stop\.reason\.\nthe run stopped with "limit", and now with "done"/)
    expect([text.code, stop.code]).toEqual([1, 1])
  })

  it('compares a log that was cut, and one that waits, as far as they go', async () => {
    const records = await weatherLog()
    const nobody = weather({ model: scripted([]) })
    for (let length = 1; length <= records.length; length++)
      expect(await resumeRecorded(nobody, runLog(records.slice(0, length)), {})).toMatchObject({ same: true })
    const store = memoryRuns()
    await cashier.run('Send a payment of 5 to Ada.', { store, runId: 'pay' }).result()
    const waiting = await runCli([
      'replay',
      save('pay.jsonl', await store.read('pay')),
      agentFile('payment.ts'),
    ])
    expect(waiting.stdout).toMatch(/goes the way of the log: 1 turn/)
  })

  it('needs no session for a run that began on one', async () => {
    const store = memoryRuns()
    const session = memorySession()
    await weather({ model: scripted([text('Hello.')]) })
      .run('Hi.', { session })
      .result()
    await weather({ model: scripted(STEPS) })
      .run('How is it?', { store, session, runId: 'with' })
      .result()
    const log = runLog(JSON.parse(JSON.stringify(await store.read('with'))) as LogRecord[])
    const nobody = weather({ model: scripted([]) })
    expect(await resumeRecorded(nobody, log, {})).toEqual({ same: true, turns: 2, toolCalls: 2 })
    expect(describeLog(log, { colors: createColors(false), width: 80 })[1]).toMatch(
      /^· 2 items of session session come before$/,
    )
  })

  it('refuses the log of another agent', async () => {
    const log = save('mine.jsonl', await weatherLog())
    const { code, stderr } = await runCli(['replay', log, agentFile('payment.ts')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/belongs to agent "weather", not to "cashier"/)
  })

  it('runs the tools again where that is asked for, and tells when they answer otherwise', async () => {
    const text = formatLog(await weatherLog())
    const same = await runCli(['replay', save('again.jsonl', text), weatherFile, '--run-tools'])
    expect(same.code).toBe(0)
    expect(same.stdout).toMatch(/✓ The agent goes the way of the log: 2 turns/)
    const colder = save('colder.jsonl', text.replaceAll('\\"celsius\\":19', '\\"celsius\\":3'))
    const other = await runCli(['replay', colder, weatherFile, '--run-tools'])
    expect(other.code).toBe(1)
    expect(other.stdout).toMatch(/another way, at t1\/model input\[3\]\.output\./)
    expect(other.stdout).toMatch(/celsius.*3.*\n {2}asked: .*celsius.*19/)
  })

  it('runs an agent on a recording of a model', async () => {
    const tape = record(scripted(STEPS))
    await weather({ model: tape as Model })
      .run('How is it in Oslo?')
      .result()
    const log = save('tape.jsonl', tape.toJSONL())
    expect(readFileSync(log, 'utf8')).toContain('"recording":true')
    expect((await runCli(['replay', log])).stdout).toMatch(/^recording of scripted · /)
    expect((await runCli(['replay', log, weatherFile])).code).toBe(0)
    const finished = await runCli(['replay', log, agentFile('payment.ts')])
    expect(finished.code).toBe(2)
    expect(finished.stderr).toMatch(/finished agent.*\n.*export default \(\{ model \}\)/)
  })
})
