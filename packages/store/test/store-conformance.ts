// What every store of this package holds beyond a RunStore; SQLite and Postgres run it.
import type { Store, StoreOptions } from '@antiphon/store'
import { type LogRecord, parseLog } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { otherProcess } from './other-process.ts'
import { allOf, type RunPlace } from './run-conformance.ts'
import { approval, ended, eventOf, startOf, stepOf, waitingCall, waitOf } from './sample-records.ts'

/** A place that another process can be sent to. */
export interface StorePlace extends RunPlace<Store> {
  make(): Promise<{ readonly target: string; open(options?: StoreOptions): Store; close(): Promise<void> }>
}

const keysOf = (records: readonly LogRecord[]): string[] => records.map(({ key }) => key)

const gather = async (lines: AsyncIterable<string>): Promise<string> => {
  let text = ''
  for await (const line of lines) text += line
  return text
}

/** A run of some turns that is done. */
const runOf = async (store: Store, runId: string, turns: number): Promise<void> => {
  const run = await store.open(runId, { start: startOf(runId) })
  for (let turn = 0; turn < turns; turn++) await run.append(stepOf(turn))
  await run.append({
    key: 'end',
    kind: 'end',
    at: 9,
    value: { stop: { reason: 'done' }, usage: {}, text: '' },
  })
  await run.appendEvents([eventOf(0), ended])
  await run.close('done')
}

export const storeConformance = ({ name, make }: StorePlace): void => {
  describe(`store, ${name}`, () => {
    const fresh = async (): Promise<{ target: string; open(options?: StoreOptions): Store }> => {
      const place = await make()
      onTestFinished(place.close)
      return place
    }

    it('frees a run the moment its process is killed, and tells which were abandoned', async () => {
      const { open, target } = await fresh()
      const store = open()
      const other = otherProcess(target, 'hold', 'r')
      expect(await other.line()).toBe('open')
      await expect(store.open('r')).rejects.toMatchObject({ code: 'run_busy' })
      await expect(store.delete('r')).rejects.toMatchObject({ code: 'run_busy' })
      expect(await store.abandoned()).toEqual([])
      await other.kill()
      // A database server sees the end of a connection a moment after the process is gone.
      await expect.poll(() => store.abandoned()).toMatchObject([{ runId: 'r', status: 'running' }])
      const run = await store.open('r')
      expect(keysOf(run.records)).toEqual(['run', 't0/model'])
      await run.append(stepOf(1))
      expect(await store.abandoned()).toEqual([])
    })

    it('fences a process that was stopped, taken from, and revived: nothing of it arrives', async () => {
      const { open, target } = await fresh()
      const store = open()
      const other = otherProcess(target, 'write', 'r')
      expect([await other.line(), await other.line()]).toEqual(['open', 'writing'])
      other.signal('SIGSTOP')
      await expect(store.open('r')).rejects.toMatchObject({ code: 'run_busy' })
      const run = await store.open('r', { takeOver: true })
      const last = run.records.length
      other.signal('SIGCONT')
      expect((await other.end()).slice(2)).toEqual(['stopped run_taken', 'refused run_taken'])
      await run.append({ ...stepOf(0), key: 'mine' })
      const log = await store.read('r')
      expect(log).toHaveLength(last + 1)
      expect(log.at(-1)?.key).toBe('mine')
    })

    it('stops a run in another process when it is cancelled here', async () => {
      const { open, target } = await fresh()
      const store = open()
      const other = otherProcess(target, 'write', 'r')
      expect([await other.line(), await other.line()]).toEqual(['open', 'writing'])
      expect(await store.cancel('r')).toBe(true)
      expect((await other.end()).slice(2)).toEqual(['stopped run_cancelled', 'refused run_cancelled'])
    })

    it('shows a reader in another process every event', async () => {
      const { open, target } = await fresh()
      const store = open()
      const run = await store.open('r', { start: startOf('r') })
      await run.appendEvents([eventOf(0)])
      const other = otherProcess(target, 'follow', 'r')
      expect(await other.line()).toBe('1 turn.started')
      await run.appendEvents([eventOf(1), eventOf(2)])
      expect(await other.line()).toBe('2 turn.started')
      await run.appendEvents([ended])
      await run.close('done')
      expect((await other.end()).slice(2)).toEqual(['3 turn.started', '4 run.ended'])
    })

    it('lets several processes write at the same time, each its own run', async () => {
      const { open, target } = await fresh()
      const store = open()
      const others = ['a', 'b', 'c'].map((runId) => otherProcess(target, 'write', runId))
      for (const other of others)
        expect([await other.line(), await other.line()]).toEqual(['open', 'writing'])
      for (const runId of ['a', 'b', 'c']) await store.cancel(runId)
      for (const other of others) await other.end()
      for (const runId of ['a', 'b', 'c']) {
        const log = await store.read(runId)
        expect(log.map(({ seq }) => seq)).toEqual(log.map((_, n) => n + 1))
        expect(log.length).toBeGreaterThan(11)
      }
    })

    it('lets a run go with the store that had it open', async () => {
      const { open } = await fresh()
      const first = open()
      await first.open('r', { start: startOf('r') })
      await first.close()
      expect((await open().open('r')).records).toHaveLength(1)
    })

    it('lists runs, the newest first, by status and agent, page by page', async () => {
      const { open } = await fresh()
      const store = open()
      for (let n = 0; n < 7; n++) {
        const start = { ...startOf(`r${n}`), agent: n % 2 === 0 ? 'even' : 'odd' }
        const run = await store.open(`r${n}`, { start })
        await run.close(n < 3 ? 'failed' : 'done', n === 0 ? { code: 'x', message: 'y' } : undefined)
      }
      const all = await store.list()
      const newest = [...all].sort((a, b) => b.createdAt - a.createdAt || (a.runId < b.runId ? 1 : -1))
      expect(all).toEqual(newest)
      expect(all).toHaveLength(7)
      expect(all.find(({ runId }) => runId === 'r0')?.error).toEqual({ code: 'x', message: 'y' })
      expect(await store.list({ status: 'failed', agent: 'even' })).toHaveLength(2)
      const pages = []
      for (let page = await store.list({ limit: 3 }); page.length > 0; ) {
        pages.push(page)
        page = await store.list({ limit: 3, before: page.at(-1) as (typeof page)[number] })
      }
      expect(pages.map(({ length }) => length)).toEqual([3, 3, 1])
      expect(pages.flat()).toEqual(all)
    })

    it('keeps large values apart, once each, and gives them back whole', async () => {
      const { open } = await fresh()
      const store = open()
      const text = 'ü💥x'.repeat(200_000)
      for (const runId of ['a', 'b']) {
        const run = await store.open(runId, { start: startOf(runId) })
        await run.append({ ...stepOf(0, text), about: { text } })
        await run.append(stepOf(1))
        await run.appendEvents([{ ...eventOf(0), agent: text } as never, eventOf(1)])
        await run.close('done')
      }
      const [, large, small] = await store.read('a')
      expect(large).toEqual({ seq: 2, ...stepOf(0, text), about: { text } })
      expect(small).toEqual({ seq: 3, ...stepOf(1) })
      expect(await store.readKey('b', 't0/model')).toEqual(large)
      const events = await allOf(store.follow('a'))
      expect(events.map(({ seq }) => seq)).toEqual([1, 2])
      expect(events[0]?.event).toEqual({ ...eventOf(0), agent: text })
      await store.delete('a')
      expect(await store.readKey('b', 't0/model')).toEqual(large)
      await store.delete('b')
      expect(await store.list()).toEqual([])
    })

    it('starts a run with a large input, and knows it again', async () => {
      const { open } = await fresh()
      const start = startOf('r', 'x'.repeat(1_000_000))
      await (await open().open('r', { start })).close('failed')
      expect((await open().open('r', { start })).records[0]?.value).toEqual(start)
    })

    it('reads one record by its key', async () => {
      const { open } = await fresh()
      const store = open()
      await runOf(store, 'r', 5)
      expect(await store.readKey('r', 't3/model')).toEqual({ seq: 5, ...stepOf(3) })
      expect(await store.readKey('r', 't9/model')).toBeUndefined()
      await expect(store.readKey('s', 'run')).rejects.toMatchObject({ code: 'run_unknown' })
    })

    it('branches a run at a turn; both go on, and neither sees the other', async () => {
      const { open } = await fresh()
      const store = open()
      await runOf(store, 'a', 5)
      await store.fork('a', { at: 2, runId: 'b' })
      expect(await store.get('b')).toMatchObject({ status: 'waiting', agent: 'helper' })
      const b = await store.open('b')
      expect(keysOf(b.records)).toEqual(['run', 't0/model', 't1/model'])
      expect(b.records[0]?.value).toEqual({ ...startOf('b'), parent: { runId: 'a', at: 2 } })
      await b.append(stepOf(2, 'another way'))
      await b.append(stepOf(3))
      await b.close('done')
      await store.fork('b', { at: 3, runId: 'c' })
      await store.fork('c', { at: 1, runId: 'd' })
      await store.fork('a', { runId: 'e' })
      await store.fork('a', { at: 0, runId: 'f' })
      expect(keysOf(await store.read('a'))).toHaveLength(7)
      const c = await store.read('c')
      expect(c.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
      expect(c[3]?.value).toEqual(stepOf(2, 'another way').value)
      expect(keysOf(await store.read('c', { after: 2 }))).toEqual(['t1/model', 't2/model'])
      expect(keysOf(await store.read('d'))).toEqual(['run', 't0/model'])
      expect(keysOf(await store.read('e'))).toHaveLength(6)
      expect(keysOf(await store.read('f'))).toEqual(['run'])
      expect((await store.readKey('c', 'run'))?.value).toMatchObject({ runId: 'c' })
      expect(await store.readKey('c', 't1/model')).toEqual({ seq: 3, ...stepOf(1) })
      expect(await store.readKey('d', 't1/model')).toBeUndefined()
      const d = await store.open('d', { start: startOf('d') })
      await d.append(stepOf(1, 'of d'))
      expect((await store.read('d')).at(-1)).toEqual({ seq: 3, ...stepOf(1, 'of d') })
      await expect(store.fork('a', { runId: 'b' })).rejects.toMatchObject({ code: 'run_conflict' })
      await expect(store.fork('z', { runId: 'y' })).rejects.toMatchObject({ code: 'run_unknown' })
      await expect(store.fork('a', { at: 6, runId: 'y' })).rejects.toMatchObject({ code: 'invalid_config' })
    })

    it('leaves branches whole when what they branch from is removed', async () => {
      const { open } = await fresh()
      const store = open()
      const large = 'x'.repeat(300_000)
      const run = await store.open('a', { start: startOf('a') })
      for (let turn = 0; turn < 4; turn++) await run.append(stepOf(turn, `${turn}${large}`))
      await run.close('done')
      await store.fork('a', { at: 3, runId: 'b' })
      const b = await store.open('b')
      await b.append(stepOf(3, 'of b'))
      await b.close('done')
      await store.fork('b', { at: 4, runId: 'c' })
      await store.fork('b', { at: 1, runId: 'd' })
      const before = await Promise.all(['b', 'c', 'd'].map((runId) => store.read(runId)))
      for (const gone of ['a', 'b']) {
        expect(await store.delete(gone)).toBe(true)
        expect(await store.delete(gone)).toBe(false)
        const left = await Promise.all(['c', 'd'].map((runId) => store.read(runId)))
        expect(left).toEqual(before.slice(1))
      }
      const d = await store.open('d')
      await d.append(stepOf(1, 'of d'))
      expect((await store.read('d')).map(({ seq }) => seq)).toEqual([1, 2, 3])
    })

    it('takes a decision about a call that a branch shares', async () => {
      const { open } = await fresh()
      const store = open()
      const run = await store.open('a', { start: startOf('a') })
      await run.append(stepOf(0))
      await run.append(waitOf('t0/wait', [waitingCall('c')]))
      await run.close('waiting')
      await store.fork('a', { runId: 'b' })
      await store.decide('b', [approval('c')])
      await store.decide('a', [approval('c')])
      await expect(store.decide('b', [approval('c')])).rejects.toMatchObject({ code: 'decision_used' })
      expect((await store.read('b')).map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    })

    it('removes what is old or too many, and nothing that somebody works on', async () => {
      const { open } = await fresh()
      const store = open()
      for (let n = 0; n < 5; n++) await runOf(store, `r${n}`, 1)
      await (await store.open('waiting', { start: startOf('waiting') })).close('waiting')
      await store.open('running', { start: startOf('running') })
      expect(await store.retain({})).toBe(0)
      expect(await store.retain({ olderThanMs: 60_000 })).toBe(0)
      expect(await store.retain({ keep: 3 })).toBe(2)
      expect(await store.list({ status: 'done' })).toHaveLength(3)
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(await store.retain({ olderThanMs: 1, statuses: ['done', 'waiting'] })).toBe(4)
      expect(await store.list()).toMatchObject([{ runId: 'running' }])
    })

    it('takes secrets out of everything before it is written, and knows the run again', async () => {
      const { open } = await fresh()
      const store = open({ redact: { fields: ['password'], secrets: ['sesame'] } })
      const start = startOf('r', 'open sesame')
      const run = await store.open('r', { start })
      await run.append({ ...stepOf(0, 'sesame'), about: { password: 'hush' } })
      await run.appendEvents([{ ...eventOf(0), agent: 'sesame' } as never])
      await run.append(waitOf('t0/wait', [waitingCall('c')]))
      await run.close('waiting')
      await store.decide('r', [{ ...approval('c'), decision: 'reject', reason: 'sesame' } as never])
      const session = await store.session('s').open('r')
      await session.append(start.input)
      await session.release()
      expect((await store.open('r', { start })).records).toHaveLength(4)
      const all = JSON.stringify([await open().read('r'), await open().sessions.read('s')])
      expect(all).not.toMatch(/sesame|hush/)
      expect(all.match(/\[redacted\]/g)).toHaveLength(5)
      const stop = new AbortController()
      for await (const { event } of open().follow('r', { signal: stop.signal })) {
        expect(event).toMatchObject({ agent: '[redacted]' })
        stop.abort()
      }
    })

    it('exports a run as JSON lines and makes the same run of them', async () => {
      const { open } = await fresh()
      const store = open()
      await runOf(store, 'a', 600)
      await store.fork('a', { at: 300, runId: 'b' })
      const text = await gather(store.exportRun('b'))
      expect(parseLog(text).damage).toBeUndefined()
      expect(parseLog(text).records).toEqual(await store.read('b'))
      await expect(store.importRun(text)).rejects.toMatchObject({ code: 'run_conflict' })
      expect(await store.importRun(text, { runId: 'c' })).toBe('c')
      expect((await store.read('c')).slice(1)).toEqual((await store.read('b')).slice(1))
      expect(await store.get('c')).toMatchObject({ status: 'failed', error: { code: 'interrupted' } })
      const whole = await gather(store.exportRun('a'))
      await store.delete('a')
      expect(await store.importRun(whole.split(/(?<=[,:])/))).toBe('a')
      expect(await store.get('a')).toMatchObject({ status: 'done' })
      expect(await gather(store.exportRun('a'))).toBe(whole)
      await expect(store.importRun(`${whole.slice(0, -20)}\n`, { runId: 'd' })).rejects.toMatchObject({
        code: 'log_damaged',
        message: expect.stringContaining('line 602'),
      })
      expect(await store.get('d')).toBeUndefined()
    })

    it('writes and reads any values and keys, through the table and through JSON lines', async () => {
      const { open } = await fresh()
      const store = open()
      let n = 0
      const record = fc.record({
        key: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
        order: fc.option(fc.nat(), { nil: undefined }),
        // As it is measured: in thousandths.
        ms: fc.option(
          fc.nat({ max: 2 ** 31 - 1 }).map((us) => us / 1_000),
          { nil: undefined },
        ),
        about: fc.option(fc.jsonValue(), { nil: undefined }),
        value: fc.dictionary(fc.string(), fc.jsonValue()),
        newer: fc.option(fc.jsonValue(), { nil: undefined }),
      })
      const records = fc.uniqueArray(record, { selector: ({ key }) => key, maxLength: 6 })
      await fc.assert(
        fc.asyncProperty(records, async (list) => {
          const runId = `r${n++}`
          const run = await store.open(runId, { start: startOf(runId) })
          const made = list.map((one) => ({
            kind: 'tool' as const,
            at: 7,
            ...one,
            key: `t0/tool/${one.key}`,
          }))
          for (const one of made) await run.append(one)
          await run.close('done')
          const log = await store.read(runId)
          // What JSON keeps of it.
          expect(log.slice(1)).toEqual(
            JSON.parse(JSON.stringify(made.map((one, index) => ({ seq: index + 2, ...one })))),
          )
          for (const { key } of made) expect((await store.readKey(runId, key))?.key).toBe(key)
          const text = await gather(store.exportRun(runId))
          await store.importRun(text, { runId: `${runId}-in` })
          expect((await store.read(`${runId}-in`)).slice(1)).toEqual(log.slice(1))
        }),
        { numRuns: 40 },
      )
    })
  })
}
