/*
 * What every way to run agents that survives has to hold. To try another one, give this suite a Host (durable-host.ts): `open()` the runs from the test's process, and `start()` a
 * process that works on a run with the agents of durable-agents.ts, all of them, each under its own name. A job says the run's id, the agent and its input; starting a run that is
 * there already goes on with it. An engine with a queue has programs of its own (engines.ts): each starts a worker, enqueues the run (again, when it waits or has failed) and says
 * how it went. With it a second worker waits for the run in the place of an error, so it says `refuses: false`.
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  approve,
  type FollowedEvent,
  JournalError,
  type LogRecord,
  type RunResult,
  type RunStore,
  reject,
  type ToolValue,
  validateItems,
  type WaitValue,
} from 'antiphon'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Life } from '../../core/test/mortal.ts'
import { durableAgents, GATES, LARGE_CHARS, WORDS } from './durable-agents.ts'
import type { Host, HostPlace } from './durable-host.ts'
import { effectsIn, problemsOf } from './journey.ts'

const runId = 'r'
/** How long anything here may take to come about. */
const WITHIN_MS = 15_000
/** How long a run may lie still whose process was killed while another one waits for it. */
const TAKEN_WITHIN_MS = 2_000

/** Waits until something is there, and gives it. */
const until = async <T>(find: () => Promise<T | undefined> | T | undefined, what: string): Promise<T> => {
  const end = performance.now() + WITHIN_MS
  for (;;) {
    const found = await find()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}.`)
    await pause(5)
  }
}

const times = (lines: readonly string[], line: string): number => lines.filter((one) => one === line).length

const readLog = async (store: RunStore): Promise<readonly LogRecord[]> =>
  (await store.get(runId)) === undefined ? [] : store.read(runId)

const valueAt = (log: readonly LogRecord[], key: string): ToolValue | undefined =>
  log.find((record) => record.key === key)?.value as ToolValue | undefined

const outcomeOf = (log: readonly LogRecord[], key: string): string | undefined => valueAt(log, key)?.outcome

export const durability = ({ name, refuses, make }: Host): void => {
  describe(`runs that survive, ${name}`, () => {
    const fresh = async (): Promise<HostPlace> => {
      const place = await make()
      onTestFinished(place.close)
      return place
    }
    /** Waits until the processes have left these lines. */
    const effects = ({ around }: HostPlace, ...lines: string[]): Promise<unknown> =>
      until(() => lines.every((line) => around.effects().includes(line)), `there is ${lines.join(', ')}`)
    const record = (store: RunStore, key: string): Promise<LogRecord> =>
      until(async () => (await readLog(store)).find((one) => one.key === key), `the log has ${key}`)
    /** The result of a run that is over, by its log alone. */
    const resultOf = async ({ around, open }: HostPlace, agent: string): Promise<RunResult> => {
      const before = around.effects()
      const found = durableAgents(around, new Life()).get(agent)
      const result = await found?.run('Go', { store: open(), runId, strictReplay: true }).result()
      expect(around.effects()).toEqual(before)
      expect(validateItems(result?.history ?? [])).toEqual([])
      return result as RunResult
    }

    it('(a) keeps what was done when the process is killed during parallel calls', async () => {
      const place = await fresh()
      const { around } = place
      const store = place.open()
      const first = place.start({ runId, agent: 'parallel' })
      await effects(place, 'begin read_1', 'begin read_2', 'begin write_1', 'begin put_1')
      around.open('read_1')
      await record(store, 't0/tool/read_1')
      await first.kill()
      expect(await first.outcome).toBeUndefined()
      around.open(...GATES)
      expect(await place.start({ runId, agent: 'parallel' }).outcome).toMatchObject({ stop: 'done' })
      const lines = around.effects()
      expect([times(lines, 'begin read_1'), times(lines, 'did read_1')]).toEqual([1, 1])
      expect([times(lines, 'begin read_2'), times(lines, 'did read_2')]).toEqual([2, 1])
      expect([times(lines, 'begin put_1'), times(lines, 'did put_1')]).toEqual([2, 1])
      expect([times(lines, 'begin write_1'), times(lines, 'did write_1')]).toEqual([1, 0])
      const log = await store.read(runId)
      expect(outcomeOf(log, 't0/tool/write_1')).toBe('unknown')
      expect(outcomeOf(log, 't0/tool/put_1')).toBe('ok')
      expect(times(lines, 'asked 0')).toBe(1)
      const { text } = await resultOf(place, 'parallel')
      expect(text).toContain('read_1: read_1 is done')
      expect(text).toContain('write_1: Unknown outcome')
    })

    it('(a) keeps what was done when the process is killed between calls and the next answer', async () => {
      const place = await fresh()
      const { around } = place
      const first = place.start({ runId, agent: 'parallel' })
      around.open('read_1', 'read_2', 'write_1', 'put_1')
      await effects(place, 'asked last')
      await first.kill()
      around.open(...GATES)
      expect(await place.start({ runId, agent: 'parallel' }).outcome).toMatchObject({ stop: 'done' })
      const lines = around.effects()
      for (const id of ['read_1', 'read_2', 'write_1', 'put_1']) expect(times(lines, `did ${id}`)).toBe(1)
      expect([times(lines, 'asked 0'), times(lines, 'asked last')]).toEqual([1, 2])
      expect((await resultOf(place, 'parallel')).text.split('\n')).toHaveLength(4)
    })

    const waiting = async (store: RunStore): Promise<WaitValue['pending']> =>
      ((await record(store, 't0/wait')).value as WaitValue).pending

    it('(b) waits with no process for a decision from another one', async () => {
      const place = await fresh()
      place.around.open(...GATES)
      const first = place.start({ runId, agent: 'approval' })
      expect(await first.outcome).toMatchObject({ stop: 'approval' })
      await first.kill()
      expect(await place.open().get(runId)).toMatchObject({ status: 'waiting' })
      const [pay] = await waiting(place.open())
      if (pay === undefined) return expect.unreachable()
      const outside = place.outside()
      await outside.decide(runId, [approve(pay)])
      await expect(outside.decide(runId, [reject(pay)])).rejects.toMatchObject({ code: 'decision_used' })
      await expect(outside.decide(runId, [{ ...approve(pay), hash: '0'.repeat(64) }])).rejects.toMatchObject({
        code: 'invalid_decision',
      })
      expect(await place.start({ runId, agent: 'approval' }).outcome).toMatchObject({ stop: 'done' })
      const lines = place.around.effects()
      for (const id of ['pay_1', 'read_1']) expect(times(lines, `did ${id}`)).toBe(1)
      expect(times(lines, 'asked 0')).toBe(1)
    })

    it('(b) keeps what a process had done that was killed while a decision was open', async () => {
      const place = await fresh()
      const { around } = place
      const first = place.start({ runId, agent: 'approval' })
      await effects(place, 'begin read_1')
      await first.kill()
      around.open(...GATES)
      expect(await place.start({ runId, agent: 'approval' }).outcome).toMatchObject({ stop: 'approval' })
      expect(times(around.effects(), 'begin read_1')).toBe(2)
      const pending = await waiting(place.open())
      await place.outside().decide(
        runId,
        pending.map((call) => reject(call, 'too dear')),
      )
      expect(await place.start({ runId, agent: 'approval' }).outcome).toMatchObject({ stop: 'done' })
      expect((await resultOf(place, 'approval')).text).toContain('too dear')
      expect(times(around.effects(), 'did read_1')).toBe(1)
    })

    it('(c) takes a decision that is there before anybody goes on, and refuses one about no call', async () => {
      const place = await fresh()
      place.around.open(...GATES)
      const outside = place.outside()
      await expect(outside.decide(runId, [])).rejects.toMatchObject({ code: 'run_unknown' })
      const first = place.start({ runId, agent: 'approval' })
      // At once, whether its process has let go of the run or not.
      const pending = await waiting(place.open())
      const none = { callId: 'pay_2', hash: '', decision: 'approve' as const }
      await expect(outside.decide(runId, [none])).rejects.toMatchObject({ code: 'invalid_decision' })
      await outside.decide(
        runId,
        pending.map((call) => approve(call)),
      )
      await first.outcome
      expect(await place.start({ runId, agent: 'approval', waits: true }).outcome).toMatchObject({
        stop: 'done',
      })
      expect(times(place.around.effects(), 'did pay_1')).toBe(1)
    })

    it('(d) is cancelled in the middle of a call from another process, for good', async () => {
      const place = await fresh()
      const first = place.start({ runId, agent: 'parallel' })
      await effects(place, 'begin read_1', 'begin write_1')
      expect(await place.outside().cancel(runId, 'enough')).toBe(true)
      expect(await first.outcome).toMatchObject({ stop: 'cancelled' })
      await effects(place, 'aborted read_1', 'aborted write_1')
      expect(await place.open().get(runId)).toMatchObject({
        status: 'cancelled',
        error: { message: expect.stringContaining('enough') },
      })
      expect(await place.outside().cancel(runId, 'again')).toBe(false)
      place.around.open(...GATES)
      const before = place.around.effects()
      const log = await place.open().read(runId)
      const again = await place.start({ runId, agent: 'parallel' }).outcome
      expect(again?.stop).toBe('cancelled')
      expect(place.around.effects()).toEqual(before)
      expect(await place.open().read(runId)).toEqual(log)
    })

    it('(e) is finished by another process when the first is killed, within 2 seconds', async () => {
      const place = await fresh()
      const startedAt = performance.now()
      const first = place.start({ runId, agent: 'parallel' })
      await effects(place, 'begin read_1', 'begin write_1')
      const startMs = performance.now() - startedAt
      if (refuses)
        expect(await place.start({ runId, agent: 'parallel' }).outcome).toMatchObject({ code: 'run_busy' })
      const second = place.start({ runId, agent: 'parallel', waits: true })
      await second.ready
      await pause(50)
      expect(times(place.around.effects(), 'begin read_1')).toBe(1)
      place.around.open(...GATES.filter((gate) => gate !== 'write_1'))
      await record(place.open(), 't0/tool/read_1')
      const killedAt = performance.now()
      await first.kill()
      await effects(place, 'asked last')
      const takenMs = performance.now() - killedAt
      expect(await second.outcome).toMatchObject({ stop: 'done' })
      // Where the machine is so busy that the first one took longer to begin, so may this.
      expect(takenMs).toBeLessThan(Math.max(TAKEN_WITHIN_MS, 2 * startMs))
      const lines = place.around.effects()
      expect([times(lines, 'did read_1'), times(lines, 'did write_1')]).toEqual([1, 0])
      expect(times(lines, 'begin read_1')).toBe(1)
      const types = (await allOf(place)).map(({ event }) => event.type)
      for (const type of ['run.started', 'run.resumed', 'run.ended'])
        expect([type, times(types, type)]).toEqual([type, 1])
      await resultOf(place, 'parallel')
    })

    it('(f) is safe from a process that was stopped, lost the run, and comes back', async () => {
      const place = await fresh()
      const { around } = place
      const store = place.open()
      const zombie = place.start({ runId, agent: 'parallel' })
      await effects(place, 'begin read_1', 'begin read_2', 'begin write_1', 'begin put_1')
      zombie.pause()
      around.open(...GATES)
      const heir = place.start({ runId, agent: 'parallel', takeOver: true })
      expect(await heir.outcome).toMatchObject({ stop: 'done' })
      const log = await store.read(runId)
      const events = await allOf(place)
      zombie.proceed()
      expect(await zombie.outcome).toMatchObject({ stop: 'error', code: 'run_taken' })
      expect(await store.read(runId)).toEqual(log)
      expect(await allOf(place)).toEqual(events)
      expect(await store.get(runId)).toMatchObject({ status: 'done' })
      // What it had begun it may finish; nothing else.
      expect(times(around.effects(), 'begin write_1')).toBe(1)
      expect(outcomeOf(log, 't0/tool/write_1')).toBe('unknown')
      await resultOf(place, 'parallel')
    })

    const allOf = async ({ outside }: HostPlace, after = 0): Promise<FollowedEvent[]> => {
      const events: FollowedEvent[] = []
      for await (const event of outside().follow(runId, { after })) events.push(event)
      return events
    }

    it('(g) tells a reader that comes back everything, across a kill', async () => {
      const place = await fresh()
      const { around } = place
      const first = place.start({ runId, agent: 'stream' })
      await until(async () => (await place.open().get(runId)) !== undefined, 'the run is there')
      const seen: FollowedEvent[] = []
      for await (const event of place.outside().follow(runId)) {
        seen.push(event)
        // What it has said so far, but for what is not written yet.
        if (textOf(seen).length > 100) break
      }
      await first.kill()
      const second = place.start({ runId, agent: 'stream' })
      const live = allOf(place, seen.length)
      await until(() => times(around.effects(), 'asked 0') === 2, 'it is asked again')
      around.open(...GATES)
      expect(await second.outcome).toMatchObject({ stop: 'done' })
      const both = [...seen, ...(await live)]
      expect(both.map(({ seq }) => seq)).toEqual(both.map((_, n) => n + 1))
      expect(await allOf(place)).toEqual(both)
      for (const after of [1, 7, both.length - 1, both.length])
        expect(await allOf(place, after)).toEqual(both.slice(after))
      const types = both.map(({ event }) => event.type)
      expect([types[0], types.at(-1)]).toEqual(['run.started', 'run.ended'])
      expect(textOf(both)).toBe(`${WORDS.join(' ')}read_1: read_1 is done`)
      // Deltas are joined: far fewer events than words.
      expect(types.filter((type) => type === 'response.output_text.delta').length).toBeLessThan(
        WORDS.length / 3,
      )
      for (const type of ['turn.ended', 'tool.ended']) expect(types).toContain(type)
    })

    it('(h) takes an output of a megabyte, and cuts one that its tool does not allow', async () => {
      const place = await fresh()
      place.around.open(...GATES)
      expect(await place.start({ runId, agent: 'large' }).outcome).toMatchObject({ stop: 'done' })
      const log = await place.open().read(runId)
      const outputOf = (id: string): string =>
        (valueAt(log, `t0/tool/${id}`)?.output as { output: string } | undefined)?.output ?? ''
      expect(outputOf('large_1')).toBe('ä'.repeat(LARGE_CHARS))
      expect(outputOf('huge_1').length).toBeLessThanOrEqual(400_000)
      expect(outputOf('huge_1')).toContain(`of ${5 * LARGE_CHARS} characters`)
      const { history } = await resultOf(place, 'large')
      expect(JSON.stringify(history)).toContain('ä'.repeat(1_000))
    })

    it('(i) is one run when it is started twice', async () => {
      const place = await fresh()
      const both = [1, 2].map(() => place.start({ runId, agent: 'parallel' }))
      await effects(place, 'begin read_1', 'begin write_1')
      if (refuses) {
        const refused = await Promise.race(both.map(({ outcome }) => outcome))
        expect(refused).toMatchObject({ stop: 'error', code: 'run_busy' })
      }
      place.around.open(...GATES)
      const outcomes = await Promise.all(both.map(({ outcome }) => outcome))
      expect(outcomes.filter((outcome) => outcome?.stop === 'done')).toHaveLength(refuses ? 1 : 2)
      const third = await place.start({ runId, agent: 'parallel' }).outcome
      expect(third).toEqual(outcomes.find((outcome) => outcome?.stop === 'done'))
      const lines = place.around.effects()
      for (const id of ['read_1', 'read_2', 'write_1', 'put_1'])
        expect([times(lines, `begin ${id}`), times(lines, `did ${id}`)]).toEqual([1, 1])
      const other = place.start({ runId, agent: 'parallel', input: 'Go elsewhere' })
      await expect(other.outcome.then((outcome) => outcome?.code ?? 'none', codeOf)).resolves.toBe(
        'run_conflict',
      )
    })

    it('(j) goes the same way whatever the calls take', async () => {
      const place = await fresh()
      const trip = (runId: string) => ({ runId, file: join(place.folder, runId) })
      const { result: whole } = await place.travel(trip('whole'))
      if (whole === undefined) return expect.unreachable()
      for (const [n, diesAt] of ['guide answered', 'look_3 done', 'before t2/model'].entries()) {
        const cut = trip(`cut-${n}`)
        const effects = effectsIn(cut.file)
        expect(await place.travel({ ...cut, diesAt, pace: n + 1 })).toMatchObject({ result: undefined })
        const [cutLog, cutEffects] = [await place.open().read(cut.runId), effects.lines()]
        const { result } = await place.travel({ ...cut, pace: ((n + 1) % 3) + 1, takeOver: true })
        if (result === undefined) return expect.unreachable()
        const log = await place.open().read(cut.runId)
        expect(problemsOf({ whole, result, cutLog, cutEffects, log, effects: effects.lines() })).toEqual([])
      }
    })
  })
}

const codeOf = (error: unknown): string =>
  error instanceof JournalError ? error.code : String((error as { code?: unknown }).code)

/** The text that a reader shows: what was said of a turn that was begun anew is void. */
const textOf = (followed: readonly FollowedEvent[]): string => {
  const turns: string[] = []
  let turn = 0
  for (const { event } of followed) {
    if (event.type === 'run.started') turns.length = 0
    else if (event.type === 'run.resumed') turns.length = event.turn
    else if (event.type === 'turn.started') {
      turn = event.turn
      turns[turn] = ''
    } else if (event.type === 'response.output_text.delta') turns[turn] += (event as { delta: string }).delta
  }
  return turns.join('')
}
