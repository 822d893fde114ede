// What every implementation of sessions holds; memory, SQLite and Postgres run it.
import type { InputItem } from '@antiphon/client'
import type { OpenSession, Sessions } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { said } from './said.ts'

/** What the suite runs on. `make` gives sessions that share nothing with those before. */
export interface SessionPlace {
  readonly name: string
  make(): Promise<{ sessions: Sessions; close(): Promise<void> }>
  /** Cases of the property test. @defaultValue 100 */
  readonly numRuns?: number
}

const one = async (sessions: Sessions, id: string, runId: string, ...items: InputItem[]): Promise<void> => {
  const open = await sessions.session(id).open(runId)
  await open.append(items)
  await open.release()
}

export const sessionSuite = ({ name, make, numRuns = 100 }: SessionPlace): void => {
  describe(`sessions, ${name}`, () => {
    const fresh = async (): Promise<Sessions> => {
      const { sessions, close } = await make()
      onTestFinished(close)
      return sessions
    }

    it('gives a run what the runs before it have added, in their order', async () => {
      const sessions = await fresh()
      const first = await sessions.session('s').open('r1')
      expect(first.items).toEqual([])
      await first.append([said('a'), said('b')])
      await first.release()
      await one(sessions, 's', 'r2', said('c'))
      const third = await sessions.session('s').open('r3')
      expect(third.items).toEqual([said('a'), said('b'), said('c')])
      expect(await sessions.read('s')).toEqual(third.items)
      expect(await sessions.session('other').open('r3')).toMatchObject({ items: [] })
    })

    it('refuses a second run at once, and names the one that has the session', async () => {
      const sessions = await fresh()
      const first = await sessions.session('s').open('r1')
      await expect(sessions.session('s').open('r2')).rejects.toMatchObject({
        code: 'session_busy',
        retryable: true,
        message: expect.stringContaining('"r1"'),
      })
      await expect(sessions.session('s').open('r1')).rejects.toMatchObject({ code: 'session_busy' })
      await first.release()
      await (await sessions.session('s').open('r2')).release()
    })

    it('waits for its turn, and sees what was added meanwhile', async () => {
      const sessions = await fresh()
      const first = await sessions.session('s').open('r1')
      const waiting = ['r2', 'r3', 'r4'].map(async (runId) => {
        const open = await sessions.session('s', { onBusy: 'wait' }).open(runId)
        const { length } = open.items
        await open.append([said(runId)])
        await open.release()
        return length
      })
      await first.append([said('r1')])
      await first.release()
      expect((await Promise.all(waiting)).sort()).toEqual([1, 2, 3])
      expect(await sessions.read('s')).toHaveLength(4)
    })

    it('waits no longer than it is told, nor after an abort', async () => {
      const sessions = await fresh()
      const first = await sessions.session('s').open('r1')
      const busy = sessions.session('s', { onBusy: 'wait', waitMs: 30 }).open('r2')
      await expect(busy).rejects.toMatchObject({ code: 'session_busy' })
      const controller = new AbortController()
      const waiting = sessions.session('s', { onBusy: 'wait' }).open('r3', { signal: controller.signal })
      controller.abort(new Error('enough'))
      await expect(waiting).rejects.toThrow('enough')
      await expect(
        sessions.session('s', { onBusy: 'wait' }).open('r3', { signal: controller.signal }),
      ).rejects.toThrow('enough')
      // Nobody who gave up gets it.
      await first.release()
      await (await sessions.session('s').open('r4')).release()
    })

    it('takes the items of a run once, however often the run is resumed', async () => {
      const sessions = await fresh()
      const first = await sessions.session('s').open('r1')
      await first.append([said('a')])
      await first.append([said('a')])
      await first.release()
      const again = await sessions.session('s').open('r1', { resumed: true })
      await again.append([said('a')])
      await again.release()
      expect(await sessions.read('s')).toEqual([said('a')])
      await expect(sessions.session('s').open('r1')).rejects.toMatchObject({ code: 'run_conflict' })
      // It needs the session no more, also when another run has it.
      const busy = await sessions.session('s').open('r3')
      expect((await sessions.session('s').open('r1', { resumed: true })).items).toEqual([])
      await busy.release()
      // The refusal holds nothing.
      await (await sessions.session('s').open('r2')).release()
    })

    it('shows a resumed run the history that it began with, and adds its items at the end', async () => {
      const sessions = await fresh()
      await one(sessions, 's', 'r1', said('a'))
      const waits = await sessions.session('s').open('r2')
      await waits.release()
      await one(sessions, 's', 'r3', { id: 'm', ...said('b') } as InputItem)
      const resumed = await sessions.session('s').open('r2', { resumed: true })
      expect(resumed.items).toEqual([said('a')])
      await resumed.append([{ id: 'm', ...said('c') } as InputItem])
      await resumed.release()
      expect(await sessions.read('s')).toEqual([said('a'), { id: 'm', ...said('b') }, said('c')])
      const unknown = await sessions.session('s').open('r4', { resumed: true })
      expect(unknown.items).toHaveLength(3)
    })

    it('lets a run that was not resumed begin anew after one that added nothing', async () => {
      const sessions = await fresh()
      await (await sessions.session('s').open('r1')).release()
      await one(sessions, 's', 'r2', said('a'))
      const again = await sessions.session('s').open('r1')
      expect(again.items).toEqual([said('a')])
    })

    it('gives the session to the same run, opened anew; the earlier one can change nothing', async () => {
      const sessions = await fresh()
      const old = await sessions.session('s').open('r1')
      const taken = await sessions.session('s').open('r1', { resumed: true, takeOver: true })
      await expect(old.append([said('old')])).rejects.toMatchObject({ code: 'run_taken' })
      await old.release()
      await expect(sessions.session('s').open('r2', { takeOver: true })).rejects.toMatchObject({
        code: 'session_busy',
      })
      await taken.append([said('new')])
      await taken.release()
      expect(await sessions.read('s')).toEqual([said('new')])
      await expect(taken.append([said('more')])).resolves.toBeUndefined()
      expect(await sessions.read('s')).toEqual([said('new')])
    })

    it('adds nothing after it was let go', async () => {
      const sessions = await fresh()
      const open = await sessions.session('s').open('r1')
      await open.release()
      await open.release()
      await expect(open.append([said('late')])).rejects.toMatchObject({ code: 'run_taken' })
      expect(await sessions.read('s')).toEqual([])
    })

    it('forks at any turn, and neither branch sees what the other adds', async () => {
      const sessions = await fresh()
      for (const text of ['a', 'b', 'c']) await one(sessions, 's', text, said(text))
      await sessions.fork('s', 'all')
      await sessions.fork('s', 'two', { at: 2 })
      await sessions.fork('s', 'none', { at: 0 })
      await one(sessions, 's', 'd', said('d'))
      await one(sessions, 'two', 'a', said('x'))
      await one(sessions, 'all', 'a', said('y'))
      await one(sessions, 'none', 'a', said('z'))
      await sessions.fork('two', 'branch of a branch', { at: 1 })
      const texts = async (id: string): Promise<string> =>
        (await sessions.read(id)).map((item) => String((item as { content?: unknown }).content)).join('')
      expect(await texts('s')).toBe('abcd')
      expect(await texts('all')).toBe('abcy')
      expect(await texts('two')).toBe('abx')
      expect(await texts('none')).toBe('z')
      expect(await texts('branch of a branch')).toBe('a')
      await expect(sessions.fork('nobody', 'n')).rejects.toMatchObject({ code: 'session_unknown' })
      await expect(sessions.fork('s', 'two')).rejects.toMatchObject({ code: 'session_exists' })
      for (const at of [-1, 5, 1.5, Number.NaN])
        await expect(sessions.fork('s', 'n', { at })).rejects.toMatchObject({ code: 'invalid_config' })
    })

    it('deletes what nobody shares, and nothing else', async () => {
      const sessions = await fresh()
      for (const text of ['a', 'b', 'c']) await one(sessions, 's', text, said(text))
      await sessions.fork('s', 'early', { at: 1 })
      await sessions.fork('s', 'late')
      const held = await sessions.session('s').open('r')
      await expect(sessions.delete('s')).rejects.toMatchObject({ code: 'session_busy' })
      await held.release()
      expect(await sessions.delete('s')).toBe(true)
      expect(await sessions.delete('s')).toBe(false)
      expect(await sessions.get('s')).toBeUndefined()
      expect(await sessions.read('s')).toEqual([])
      expect(await sessions.read('early')).toEqual([said('a')])
      expect(await sessions.read('late')).toHaveLength(3)
      expect(await sessions.delete('late')).toBe(true)
      await one(sessions, 'early', 'e', said('e'))
      expect(await sessions.read('early')).toEqual([said('a'), said('e')])
      // A new session of the old name knows nothing of it.
      await one(sessions, 's', 'a', said('anew'))
      expect(await sessions.read('s')).toEqual([said('anew')])
    })

    it('lists sessions by their ids, page by page', async () => {
      const sessions = await fresh()
      const ids = ['a', 'B', 'ä', 'b', '10', '9']
      for (const id of ids) await one(sessions, id, 'r', said(id))
      const held = await sessions.session('b').open('r2')
      const all = await sessions.list()
      expect(all.map(({ id }) => id).sort()).toEqual([...ids].sort())
      const [b] = all.filter((one) => one.id === 'b')
      expect(b).toMatchObject({ turns: 1, items: 1, runId: 'r2' })
      expect(all.filter((one) => 'runId' in one)).toEqual([b])
      const pages = []
      for (let after: string | undefined; ; after = pages.at(-1)?.id) {
        const page = await sessions.list({ limit: 2, ...(after === undefined ? {} : { after }) })
        if (page.length === 0) break
        pages.push(...page)
      }
      expect(pages).toEqual(all)
      await held.release()
      const found = await sessions.get('b')
      expect(found).not.toHaveProperty('runId')
      expect(found?.updatedAt).toBeGreaterThanOrEqual(found?.createdAt ?? Number.NaN)
      expect(await sessions.get('c')).toBeUndefined()
    })

    it('refuses an id that is none', async () => {
      const sessions = await fresh()
      expect(await sessions.get('\0')).toBeUndefined()
      expect(await sessions.delete('\0')).toBe(false)
      expect(() => sessions.session('')).toThrow(expect.objectContaining({ code: 'invalid_config' }))
      for (const id of [undefined as never, '\0', 'x'.repeat(256)])
        expect(() => sessions.session(id)).toThrow('needs an id')
    })

    it('keeps items verbatim: any JSON, and nothing at all', async () => {
      const sessions = await fresh()
      const items = [
        { type: 'acme:thing', deep: { list: [1, null, 'ü€😀', { __proto__: null }] }, '': 0 },
        { type: 'message', role: 'user', content: 'x'.repeat(300_000) },
        { type: 'message', role: 'user', content: "'; drop table session; -- ? $1" },
      ] as unknown as InputItem[]
      await one(sessions, "s'$1?", 'r1', ...items)
      await one(sessions, "s'$1?", 'r2')
      const open = await sessions.session("s'$1?").open('r3')
      expect(JSON.stringify(open.items)).toBe(JSON.stringify(items))
      expect(await sessions.get("s'$1?")).toMatchObject({ turns: 2, items: 3 })
    })

    it('equals a plain model, whatever is opened, added, forked, deleted and read', async () => {
      const id = fc.constantFrom('a', 'b', 'c')
      const command = fc.oneof(
        { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), id, count: fc.nat(3) }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), id }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), nth: fc.nat() }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('fork' as const), id, to: id, at: fc.nat(6) }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), id }) },
        { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), id }) },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
          const { sessions, close } = await make()
          try {
            const model = new Map<string, InputItem[][]>()
            const waiting: { id: string; runId: string; saw: InputItem[]; of: object }[] = []
            let serial = 0
            for (const next of commands) {
              if (next.do === 'resume') {
                const [run] = waiting.splice(next.nth % (waiting.length || 1), 1)
                // One whose session was deleted meanwhile begins anew, as any other.
                if (run === undefined || model.get(run.id) !== run.of) continue
                const open = await sessions.session(run.id).open(run.runId, { resumed: true })
                expect(open.items).toEqual(run.saw)
                await open.append([said(run.runId)])
                await open.release()
                model.get(run.id)?.push([said(run.runId)])
                continue
              }
              const turns = model.get(next.id)
              if (next.do === 'add' || next.do === 'wait') {
                const runId = `r${serial++}`
                const open: OpenSession = await sessions.session(next.id).open(runId)
                const kept = turns ?? []
                model.set(next.id, kept)
                expect(open.items).toEqual(kept.flat())
                if (next.do === 'add') {
                  const items = Array.from({ length: next.count }, (_, k) => said(`${runId}.${k}`))
                  await open.append(items)
                  kept.push(items)
                } else waiting.push({ id: next.id, runId, saw: kept.flat(), of: kept })
                await open.release()
              } else if (next.do === 'fork') {
                const possible = turns !== undefined && !model.has(next.to) && next.at <= turns.length
                const forked = sessions.fork(next.id, next.to, { at: next.at })
                if (possible) {
                  await forked
                  model.set(next.to, turns.slice(0, next.at))
                } else await expect(forked).rejects.toThrow()
              } else if (next.do === 'delete')
                expect(await sessions.delete(next.id)).toBe(model.delete(next.id))
              else expect(await sessions.read(next.id)).toEqual(turns?.flat() ?? [])
            }
            for (const [key, turns] of model) {
              expect(await sessions.read(key)).toEqual(turns.flat())
              expect(await sessions.get(key)).toMatchObject({
                turns: turns.length,
                items: turns.flat().length,
              })
            }
            expect((await sessions.list()).map((found) => found.id).sort()).toEqual([...model.keys()].sort())
          } finally {
            await close()
          }
        }),
        { numRuns },
      )
    })
  })
}
