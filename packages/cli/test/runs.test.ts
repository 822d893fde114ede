import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@antiphon/store/sqlite'
import { parseLog } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import cashier from './agents/payment.ts'
import weather from './agents/weather.ts'
import { agentFile, jsonLines, runCli } from './start-cli.ts'

// Several programs are started one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

let folder = ''
let file = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'antiphon-runs-'))
  file = join(folder, 'runs.db')
  const store = sqlite(file)
  const model = scripted([calls(call('get_weather', { city: 'Oslo' })), text('Mild.')])
  await weather({ model }).run('How is it in Oslo?', { store, runId: 'oslo' }).result()
  await cashier.run('Send a payment of 5 to Ada.', { store, runId: 'pay' }).result()
  await weather({ model: scripted([{ error: new Error('lost \u001b[2J') }]) })
    .run('And in Rome?', { store, runId: 'rome' })
    .result()
    .catch((error: unknown) => error)
  await store.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

const runs = (...args: string[]) => runCli(['runs', ...args, '--store', file])

describe('runs', () => {
  it('lists the runs of a store, the newest first', async () => {
    const { code, stdout, stderr } = await runs()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
    expect(lines.find((line) => line.includes('oslo'))).toMatch(
      new RegExp(`^done {7}${time}  weather  oslo$`),
    )
    expect(lines.find((line) => line.includes('pay'))).toMatch(
      new RegExp(`^waiting {4}${time}  cashier  pay$`),
    )
    expect(lines[0]).toMatch(/^failed {5}.* rome {2}run_failed: lost ␛\[2J/)
  })

  it('takes runs by status, agent and number, as JSON lines as well', async () => {
    const ids = async (...args: string[]) =>
      jsonLines((await runs('list', '--json', ...args)).stdout).flatMap(({ runId }) =>
        runId === undefined ? [] : [runId],
      )
    expect(await ids('--status', 'waiting')).toEqual(['pay'])
    expect(await ids('--agent', 'weather', '--limit', '1')).toEqual(['rome'])
    const none = await runs('--status', 'cancelled')
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'There are no such runs.\n' })
    const lines = jsonLines((await runs('--json', '--agent', 'cashier')).stdout)
    expect(lines).toEqual([
      expect.objectContaining({ type: 'run', runId: 'pay', status: 'waiting' }),
      { type: 'result', exitCode: 0 },
    ])
  })

  it('shows a run, and how it stands', async () => {
    const done = await runs('show', 'oslo')
    expect(done.stdout).toMatch(/^run oslo · agent weather · .*\n› How is it in Oslo\?\nturn 1 /)
    expect(done.stdout).toMatch(/\ndone\n$/)
    expect((await runs('show', 'pay')).stdout).toMatch(
      /waits: 1 call to decide \(send_payment\).*\nwaiting\n$/,
    )
    expect((await runs('show', 'rome')).stdout).toMatch(/\nfailed: lost ␛\[2J.*\(run_failed\)\n$/)
    const types = jsonLines((await runs('show', 'oslo', '--json')).stdout).map(({ type }) => type)
    expect(types[0]).toBe('summary')
    expect(types.slice(-2)).toEqual(['end', 'result'])
  })

  it('exports a log that replay takes', async () => {
    const { code, stdout } = await runs('export', 'oslo')
    expect(code).toBe(0)
    expect(parseLog(stdout)).toMatchObject({ records: [{ key: 'run' }, {}, {}, {}, { key: 'end' }] })
    const log = join(folder, 'oslo.jsonl')
    writeFileSync(log, stdout)
    expect((await runCli(['replay', log])).stdout).toContain('Mild.')
    expect(await runCli(['replay', log, agentFile('weather.ts')])).toMatchObject({ code: 0, stderr: '' })
  })

  it('cancels a run once', async () => {
    const store = sqlite(file)
    const waiting = await cashier.run('Send a payment of 7 to Ada.', { store, runId: 'off' }).result()
    expect(waiting.stop.reason).toBe('approval')
    const first = await runs('cancel', 'off', '--reason', 'not needed')
    expect(first).toMatchObject({ code: 0, stdout: 'Run off is cancelled.\n' })
    expect(await store.get('off')).toMatchObject({ status: 'cancelled', error: { message: 'not needed' } })
    await store.close()
    const again = await runs('cancel', 'off')
    expect(again).toMatchObject({ code: 1, stderr: 'Run off is over already (cancelled).\n' })
    expect(jsonLines((await runs('cancel', 'off', '--json')).stdout)).toEqual([
      { type: 'cancel', runId: 'off', cancelled: false },
      { type: 'result', exitCode: 1 },
    ])
  })

  it.each<[string[], RegExp]>([
    [['show'], /needs the id of a run/],
    [['show', 'nobody'], /has no run nobody/],
    [['export', 'nobody'], /has no run nobody/],
    [['shwo'], /Allowed choices are list, show, export, cancel/],
    [['--status', 'asleep'], /Allowed choices are running/],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await runs(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('makes no store where there is none', async () => {
    const { code, stderr } = await runCli(['runs', '--store', join(folder, 'none.db')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/There is no store .*none\.db/)
    expect(existsSync(join(folder, 'none.db'))).toBe(false)
  })
})
