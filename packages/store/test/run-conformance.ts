// What every RunStore holds; memory, SQLite and Postgres run it.
import type { FollowedEvent, NewRecord, RunStore } from 'antiphon'
import { describe, expect, it, onTestFinished } from 'vitest'
import { approval, ended, eventOf, startOf, stepOf, waitingCall, waitOf } from './sample-records.ts'

/** What the suite runs on. `make` gives a place that shares nothing with those before; `open` a handle on it. */
export interface RunPlace<Store extends RunStore = RunStore> {
  readonly name: string
  make(): Promise<{ open(): Store; close(): Promise<void> }>
}

/** Reads to the end of a run's events. */
export const allOf = async (events: AsyncIterable<FollowedEvent>): Promise<FollowedEvent[]> => {
  const all: FollowedEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

export const runConformance = ({ name, make }: RunPlace): void => {
  describe(`runs, ${name}`, () => {
    const fresh = async (): Promise<() => RunStore> => {
      const { open, close } = await make()
      onTestFinished(close)
      return open
    }

    it('gives back what was recorded, in order and without gaps, to whoever reads it', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      expect(run.records).toMatchObject([{ seq: 1, key: 'run', kind: 'run', value: startOf('r') }])
      const steps = [0, 1, 2].map((turn) => stepOf(turn))
      for (const step of steps) await run.append(step)
      const bare: NewRecord = { key: 't2/tool/c/intent', kind: 'intent', at: 5, value: null }
      await run.append(bare)
      const log = await open().read('r')
      expect(log.slice(1)).toEqual([...steps, bare].map((step, n) => ({ seq: n + 2, ...step })))
      expect(await open().read('r', { after: 3 })).toEqual(log.slice(3))
      await run.close('done')
      expect((await open().open('r')).records).toEqual(log)
    })

    it('keeps any text: NUL, lone surrogates, line breaks, quotes, astral characters, and long ids', async () => {
      const open = await fresh()
      const runId = `\u2028 'r' "ü" 💥 ${'x'.repeat(200)}`
      const text = '\0 \ud800 \u2028 \r\n \' " \\ 💥 ? $1'
      const run = await open().open(runId, { start: startOf(runId, text) })
      await run.append({ ...stepOf(0, text), key: `t0/tool/${text}` })
      await run.appendEvents([{ ...eventOf(0), agent: text } as never])
      const [first, second] = await open().read(runId)
      expect(first?.value).toEqual(startOf(runId, text))
      expect(second).toMatchObject({ key: `t0/tool/${text}`, value: stepOf(0, text).value })
      await run.close('done')
      expect(await allOf(open().follow(runId))).toEqual([{ seq: 1, event: { ...eventOf(0), agent: text } }])
    })

    it('gives each of many records that are appended at once a place of its own', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await Promise.all(Array.from({ length: 100 }, (_, n) => run.append(stepOf(n))))
      const log = await open().read('r')
      expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 101 }, (_, n) => n + 1))
      expect(new Set(log.map(({ key }) => key)).size).toBe(101)
    })

    it('takes a key once, and loses nothing that was appended beside it', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.append(stepOf(0))
      const results = await Promise.allSettled([1, 0, 2, 0, 3].map((turn) => run.append(stepOf(turn))))
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ])
      expect(results[1]).toMatchObject({ reason: { code: 'nondeterministic' } })
      expect((await open().read('r')).map(({ key }) => key)).toEqual([
        'run',
        't0/model',
        't1/model',
        't2/model',
        't3/model',
      ])
    })

    it('knows no run that was not started', async () => {
      const open = await fresh()
      const store = open()
      await expect(store.open('r')).rejects.toMatchObject({ code: 'run_unknown', retryable: false })
      await expect(store.read('r')).rejects.toMatchObject({ code: 'run_unknown' })
      await expect(store.decide('r', [])).rejects.toMatchObject({ code: 'run_unknown' })
      await expect(allOf(store.follow('r'))).rejects.toMatchObject({ code: 'run_unknown' })
      expect(await store.get('r')).toBeUndefined()
      expect(await store.cancel('r')).toBe(false)
    })

    it('goes on with a run of the same id and input, and refuses one with other input or another agent', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.append(stepOf(0))
      await run.close('failed', { code: 'timeout', message: 'too slow' })
      expect(await open().get('r')).toMatchObject({
        runId: 'r',
        agent: 'helper',
        status: 'failed',
        error: { code: 'timeout', message: 'too slow' },
      })
      const again = await open().open('r', { start: { ...startOf('r'), before: [] } as never })
      expect(again.records).toHaveLength(2)
      const summary = await open().get('r')
      expect(summary?.status).toBe('running')
      expect(summary?.error).toBeUndefined()
      await again.close('done')
      await expect(open().open('r', { start: startOf('r', 'other') })).rejects.toMatchObject({
        code: 'run_conflict',
      })
      await expect(open().open('r', { start: { ...startOf('r'), agent: 'b' } })).rejects.toMatchObject({
        code: 'run_conflict',
      })
    })

    it('makes one run of a hundred that are started at once', async () => {
      const open = await fresh()
      const store = open()
      const all = await Promise.allSettled(
        Array.from({ length: 100 }, () => store.open('r', { start: startOf('r') })),
      )
      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const one of all)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'run_busy', retryable: true })
      expect(await store.read('r')).toHaveLength(1)
    })

    it('refuses a run that a live holder has, unless it is taken; then the holder can write nothing', async () => {
      const open = await fresh()
      const first = await open().open('r', { start: startOf('r') })
      await first.append(stepOf(0))
      await expect(open().open('r')).rejects.toMatchObject({ code: 'run_busy', retryable: true })
      const second = await open().open('r', { takeOver: true })
      expect(second.records).toHaveLength(2)
      await expect(first.append(stepOf(1))).rejects.toMatchObject({ code: 'run_taken', retryable: false })
      await expect(first.appendEvents([eventOf(1)])).rejects.toMatchObject({ code: 'run_taken' })
      await first.close('failed', { code: 'x', message: 'of the old one' })
      expect(await open().get('r')).toMatchObject({ status: 'running' })
      await second.append(stepOf(1))
      await second.appendEvents([eventOf(1)])
      await second.close('done')
      expect((await open().read('r')).map(({ key }) => key)).toEqual(['run', 't0/model', 't1/model'])
      expect(await allOf(open().follow('r'))).toMatchObject([{ seq: 1 }])
    })

    it('tells the holder that its run was taken or cancelled, also when it writes nothing', async () => {
      const open = await fresh()
      const first = await open().open('a', { start: startOf('a') })
      const second = await open().open('b', { start: startOf('b') })
      const reasons = Promise.all(
        [first, second].map((run) => new Promise((resolve) => run.onStop(({ code }) => resolve(code)))),
      )
      await open().open('a', { takeOver: true })
      expect(await open().cancel('b', 'enough')).toBe(true)
      expect(await reasons).toEqual(['run_taken', 'run_cancelled'])
      const late = new Promise((resolve) => second.onStop(({ message }) => resolve(message)))
      expect(await late).toContain('enough')
    })

    it('cancels a run once, for good, and says why', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.append(stepOf(0))
      expect(await open().cancel('r', 'enough')).toBe(true)
      expect(await open().cancel('r')).toBe(false)
      await expect(run.append(stepOf(1))).rejects.toMatchObject({
        code: 'run_cancelled',
        message: expect.stringContaining('enough'),
      })
      await expect(run.appendEvents([eventOf(1)])).rejects.toMatchObject({ code: 'run_cancelled' })
      await expect(open().decide('r', [])).rejects.toMatchObject({ code: 'run_cancelled' })
      await run.close('done')
      expect(await open().get('r')).toMatchObject({
        status: 'cancelled',
        error: { code: 'run_cancelled', message: 'enough' },
      })
      const again = await open().open('r')
      expect(again.records).toHaveLength(2)
      await expect(again.append(stepOf(1))).rejects.toMatchObject({ code: 'run_cancelled' })
      await again.close('failed')
      expect(await open().get('r')).toMatchObject({ status: 'cancelled' })
      const over = await open().open('s', { start: startOf('s') })
      await over.close('done')
      expect(await open().cancel('s')).toBe(false)
      expect(await open().get('s')).toMatchObject({ status: 'done' })
    })

    it('writes nothing more for a run that was closed', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.close('done')
      await expect(run.append(stepOf(0))).rejects.toMatchObject({ code: 'run_taken' })
      await run.close('failed')
      expect(await open().get('r')).toMatchObject({ status: 'done' })
    })

    it('records a decision once, from any handle, and gives it to whoever opens the run', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.append(stepOf(0))
      await run.append(waitOf('t0/wait', [waitingCall('c1'), waitingCall('c2')]))
      await run.append(waitOf('t0/tool/c3/t1/wait', [waitingCall('c1')]))
      await run.close('waiting')
      const store = open()
      expect(await store.get('r')).toMatchObject({ status: 'waiting' })
      await store.decide('r', [approval('c1')])
      await store.decide('r', [approval('c1', { path: ['c3'] })])
      await expect(open().decide('r', [approval('c1')])).rejects.toMatchObject({ code: 'decision_used' })
      await expect(open().decide('r', [approval('c2', { hash: 'other' })])).rejects.toMatchObject({
        code: 'invalid_decision',
      })
      // All or nothing: the first of the two could have been recorded.
      await expect(open().decide('r', [approval('c2'), approval('c9')])).rejects.toMatchObject({
        code: 'invalid_decision',
      })
      const resumed = await store.open('r')
      expect(resumed.records.slice(4)).toMatchObject([
        { seq: 5, key: 't0/wait/c1', kind: 'decision', value: approval('c1') },
        { seq: 6, key: 't0/tool/c3/t1/wait/c1', kind: 'decision', value: approval('c1') },
      ])
      expect(resumed.records).toHaveLength(6)
      await resumed.close('waiting')
    })

    it('takes one of many decisions about a call that come at once', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.append(waitOf('t0/wait', [waitingCall('c')]))
      await run.close('waiting')
      const store = open()
      const all = await Promise.allSettled(
        Array.from({ length: 20 }, () => store.decide('r', [approval('c')])),
      )
      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const one of all)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'decision_used' })
      expect(await store.read('r')).toHaveLength(3)
    })

    it('takes decisions while the run goes on writing', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      const calls = Array.from({ length: 20 }, (_, n) => waitingCall(`c${n}`))
      await run.append(waitOf('t0/wait', calls))
      const other = open()
      await Promise.all([
        ...calls.map(({ callId }) => other.decide('r', [approval(callId)])),
        ...calls.map((_, n) => run.append(stepOf(n + 1))),
      ])
      const log = await other.read('r')
      expect(log.map(({ seq }) => seq)).toEqual(log.map((_, n) => n + 1))
      expect(log).toHaveLength(42)
    })

    it('refuses a decision after its time', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.append(waitOf('t0/wait', [waitingCall('c')], Date.now() - 1))
      await run.append(waitOf('t1/wait', [waitingCall('d')], Date.now() + 60_000))
      await run.close('waiting')
      await expect(open().decide('r', [approval('c')])).rejects.toMatchObject({ code: 'decision_expired' })
      await open().decide('r', [approval('d')])
    })

    it('gives five readers every event, live, from any place', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.appendEvents([0, 1, 2].map(eventOf))
      const afters = [0, 0, 2, 3, 40]
      const reading = afters.map((after) => allOf(open().follow('r', { after })))
      for (let n = 3; n < 50; n++) await run.appendEvents([eventOf(n), eventOf(n)].slice(n % 2))
      await run.appendEvents([ended])
      await run.close('done')
      const whole = await allOf(open().follow('r'))
      expect(whole.map(({ seq }) => seq)).toEqual(whole.map((_, n) => n + 1))
      expect(whole.at(-1)?.event).toEqual(ended)
      const heard = await Promise.all(reading)
      expect(heard).toEqual(afters.map((after) => whole.slice(after)))
    })

    it('numbers events on when a run is resumed, and a reader of the whole sees both parts', async () => {
      const open = await fresh()
      const run = await open().open('r', { start: startOf('r') })
      await run.appendEvents([eventOf(0), ended])
      await run.close('waiting')
      expect(await allOf(open().follow('r'))).toHaveLength(2)
      const again = await open().open('r')
      const reading = allOf(open().follow('r', { after: 2 }))
      await again.appendEvents([eventOf(1), ended])
      await again.close('done')
      expect(await reading).toEqual([
        { seq: 3, event: eventOf(1) },
        { seq: 4, event: ended },
      ])
      expect(await allOf(open().follow('r'))).toHaveLength(4)
    })

    it('ends a reader when the run fails or is cancelled, and when its signal says so', async () => {
      const open = await fresh()
      const failing = await open().open('a', { start: startOf('a') })
      await open().open('b', { start: startOf('b') })
      await open().open('c', { start: startOf('c') })
      const stop = new AbortController()
      const reading = [
        allOf(open().follow('a')),
        allOf(open().follow('b')),
        allOf(open().follow('c', { signal: stop.signal })),
        allOf(open().follow('c', { signal: AbortSignal.abort() })),
      ]
      await failing.close('failed')
      await open().cancel('b')
      stop.abort()
      expect(await Promise.all(reading)).toEqual([[], [], [], []])
    })
  })
}
