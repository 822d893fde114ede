import { type ToolValue, validateItems } from 'antiphon'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { Life } from '../../core/test/mortal.ts'
import { durability } from './durability.ts'
import { durableAgents, GATES } from './durable-agents.ts'
import { inOneProcess, inProcesses } from './durable-host.ts'
import { onPostgres } from './engines.ts'
import { everyPoint } from './every-point.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
}, 60_000)

afterAll(() => server?.stop())

const engine = onPostgres(() => server)
durability(inOneProcess(engine))
durability(inProcesses(engine))
everyPoint(engine, { handles: 7, processes: 14, peaceful: 20 })

const WITHIN = { timeout: 15_000 }
const CALLS = ['read_1', 'read_2', 'write_1', 'put_1'] as const

/** Ends all connections of stores; how many those were. */
const cutConnections = async (): Promise<number> =>
  (
    await server.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'antiphon'`,
    )
  ).length

it.each([inOneProcess(engine), inProcesses(engine)])(
  'loses its connections in the middle of a run, and nothing else, $name',
  async ({ make }) => {
    const place = await make()
    onTestFinished(place.close)
    const { around } = place
    const job = { runId: 'r', agent: 'parallel', waits: true }
    const logOf = () => place.open().read('r')
    const keys = async () => (await logOf()).map(({ key }) => key)
    const times = (line: string): number => around.effects().filter((one) => one === line).length
    // Goes on by a new connection, or says that it is worth trying again, and is.
    const first = place.start(job).outcome
    const ended = first.then((outcome) =>
      outcome?.code === 'store_failed' ? place.start(job).outcome : outcome,
    )
    const begun = () => CALLS.every((id) => times(`begin ${id}`) > 0)
    await expect.poll(begun, WITHIN).toBe(true)
    around.open('read_1')
    await expect.poll(keys, WITHIN).toContain('t0/tool/read_1')
    expect(await cutConnections()).toBeGreaterThan(0)
    around.open(...GATES.filter((gate) => gate !== 'answer'))
    await expect.poll(() => times('asked last'), WITHIN).toBeGreaterThan(0)
    expect(await cutConnections()).toBeGreaterThan(0)
    around.open('answer')
    expect(await ended).toMatchObject({ stop: 'done' })

    const log = await logOf()
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, n) => n + 1))
    expect(new Set(log.map(({ key }) => key)).size).toBe(log.length)
    const outcomes = CALLS.map((id) => {
      const value = log.find(({ key }) => key === `t0/tool/${id}`)?.value as ToolValue | undefined
      return value?.outcome
    })
    expect(outcomes).toEqual(['ok', 'ok', expect.stringMatching(/^(ok|unknown)$/), 'ok'])
    expect([times('begin read_1'), times('did read_1'), times('begin write_1')]).toEqual([1, 1, 1])
    expect(times('asked 0')).toBe(1)
    const before = around.effects()
    const again = durableAgents(around, new Life()).get('parallel')
    const result = await again?.run('Go', { store: place.open(), runId: 'r', strictReplay: true }).result()
    expect(validateItems(result?.history ?? [])).toEqual([])
    expect(result?.text.split('\n')).toHaveLength(CALLS.length)
    expect(around.effects()).toEqual(before)
  },
)
