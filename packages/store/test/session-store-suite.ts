// Sessions of a store: with other processes, with the runs of the same store, and what they leave in the database.
import type { InputItem } from '@antiphon/client'
import type { Store } from '@antiphon/store'
import {
  agent,
  memoryRuns,
  type RunError,
  replay,
  requestsOf,
  type SessionOptions,
  validateItems,
} from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { OpenedSql } from '../src/sql.ts'
import { otherProcess } from './other-process.ts'
import { said } from './said.ts'
import { lookTool } from './session-agent.ts'

/** What the suite runs on: a database of its own. */
export interface SessionStorePlace {
  readonly name: string
  place(): Promise<{
    /** Where another process finds it. */
    readonly target: string
    open(options?: { redact?: { fields: string[] } }): Store
    openSql(): Promise<OpenedSql>
    end(): Promise<void>
  }>
}

const down = { error: new Error('the server is down') }

const texts = (items: readonly unknown[]): string[] =>
  (items as { type?: string; content?: unknown }[]).map(({ type, content }) => {
    if (typeof content === 'string') return content
    if (Array.isArray(content)) return content.map((part) => (part as { text?: string }).text).join('')
    return String(type)
  })

export const sessionStoreSuite = ({ name, place }: SessionStorePlace): void =>
  void describe(`sessions of a store, ${name}`, () => {
    const make = async (storeOptions?: { redact?: { fields: string[] } }) => {
      const { target, open, openSql, end } = await place()
      const store = open(storeOptions)
      const sql = await openSql()
      onTestFinished(async () => {
        await store.close()
        await sql.close()
        await end()
      })
      const addBy = async (
        options: SessionOptions,
        id: string,
        runId: string,
        items: InputItem[],
      ): Promise<void> => {
        const session = await store.session(id, options).open(runId)
        await session.append(items)
        await session.release()
      }
      const add = (id: string, runId: string, ...items: InputItem[]): Promise<void> =>
        addBy({}, id, runId, items)
      const count = async (table: string): Promise<number | undefined> =>
        (await sql.all<{ n: number }>(`select count(*) as n from antiphon_${table}`))[0]?.n
      return { target, store, sql, add, addBy, count }
    }

    const talker = (...steps: Parameters<typeof scripted>[0]) => {
      const model = scripted(steps)
      return { model, assistant: agent({ model, tools: [lookTool] }) }
    }

    it('refuse while another process has one, and are free when it is killed', async () => {
      const { target, store } = await make()
      const other = otherProcess(target, 'hold-session', 'theirs')
      expect(await other.line()).toBe('open')
      await expect(store.session('s').open('ours')).rejects.toMatchObject({
        code: 'session_busy',
        message: expect.stringContaining('"theirs"'),
      })
      await expect(store.sessions.delete('s')).rejects.toMatchObject({ code: 'session_busy' })
      const waits = store.session('s', { onBusy: 'wait' }).open('ours')
      await other.kill()
      const open = await waits
      expect(open.items).toEqual([])
      await open.append([said('a')])
      await open.release()
      expect(await store.sessions.get('s')).toMatchObject({ turns: 1 })
    })

    it('are written by several processes, one run after the other', async () => {
      const { target, store } = await make()
      const processes = ['ann', 'ben'].map((who) => otherProcess(target, 'add-to-session', who))
      await Promise.all(processes.map((process) => process.end()))
      const items = texts(await store.sessions.read('s'))
      expect(items).toHaveLength(60)
      for (const who of ['ann', 'ben'])
        expect(items.filter((item) => item.startsWith(`${who} asks`))).toEqual(
          Array.from({ length: 15 }, (_, n) => `${who} asks ${n}`),
        )
      // No run comes between the items of another.
      items.forEach((item, n) => {
        if (n % 2 === 0) expect(items[n + 1]).toBe(item.replace('asks', 'is told'))
      })
    })

    it('are let go when the process of a run dies; the run is resumed by its id, and sees what it saw', async () => {
      const { target, store, add, addBy } = await make()
      await add('s', 'before', said('Hi'))
      const other = otherProcess(target, 'run-on-session', 'r')
      expect(await other.line()).toBe('asked')
      await other.kill()
      // The server may need a moment to learn of it.
      await addBy({ onBusy: 'wait' }, 's', 'between', [said('Bye')])
      const { assistant, model } = talker(text('Done.'))
      const result = await assistant.resume('r', [], { store }).result()
      const history = ['Hi', 'Look', 'function_call', 'function_call_output', 'Done.']
      expect(texts(result.history)).toEqual(history)
      expect(texts(model.requests[0]?.input as InputItem[])).toEqual(history.slice(0, 4))
      const items = await store.sessions.read('s')
      expect(texts(items)).toEqual(['Hi', 'Bye', ...history.slice(1)])
      expect(validateItems(items)).toEqual([])
      // Once more: the recorded result, and nothing is added.
      expect(texts((await assistant.resume('r', [], { store }).result()).history)).toEqual(history)
      expect(await store.sessions.get('s')).toMatchObject({ turns: 3 })
    })

    it('give a run its history without writing that into its log; whoever reads the log has it', async () => {
      const { store, sql } = await make()
      const session = store.session('s')
      const sizes: number[] = []
      for (let n = 0; n < 12; n++) {
        const { assistant, model } = talker(calls(call('look', {})), text('Done.'))
        const runId = `r${10 + n}`
        await assistant.run(`Look at it, for the ${10 + n}th time`, { session, store, runId }).result()
        const [row] = await sql.all<{ size: number }>(
          'select sum(length(value) + coalesce(length(about), 0)) as size from antiphon_records where run_id = ?',
          [runId],
        )
        sizes.push(Number(row?.size))
        const log = await store.read(runId)
        expect(requestsOf(log).map(({ request }) => request.input)).toEqual(
          JSON.parse(JSON.stringify(model.requests.map(({ input }) => input))),
        )
        expect((await store.readKey(runId, 'session'))?.value).toMatchObject({ count: 4 * n })
      }
      // A few digits more, not a turn more.
      expect(Math.abs((sizes[11] ?? 0) - (sizes[2] ?? 0))).toBeLessThan(30)
    })

    it('are in an exported log, which another store resumes and a replay answers from', async () => {
      const { store, add } = await make()
      await add('s', 'before', said('Hi'))
      const { assistant } = talker(calls(call('look', {})), text('Done.'))
      await assistant.run('Look', { session: store.session('s'), store, runId: 'r' }).result()
      let lines = ''
      for await (const line of store.exportRun('r')) lines += line
      const again = await agent({ model: replay(lines), tools: [lookTool] })
        .run([said('Hi'), said('Look')])
        .result()
      expect(again.text).toBe('Done.')
      const { store: other } = await make()
      await other.importRun(lines)
      const result = await assistant.resume('r', [], { store: other }).result()
      expect(texts(result.history)).toEqual(['Hi', 'Look', 'function_call', 'function_call_output', 'Done.'])
    })

    it('are not added to by a branch of a run, which has the history all the same', async () => {
      const { store, add } = await make()
      await add('s', 'before', said('Hi'))
      const { assistant, model } = talker(calls(call('look', {})), text('Done.'), text('Or not.'))
      await assistant.run('Look', { session: store.session('s'), store, runId: 'r' }).result()
      await store.fork('r', { at: 1, runId: 'branch' })
      const result = await assistant.resume('branch', [], { store }).result()
      expect(texts(result.history)).toEqual([
        'Hi',
        'Look',
        'function_call',
        'function_call_output',
        'Or not.',
      ])
      expect(texts(model.requests[2]?.input as InputItem[])).toEqual(texts(result.history).slice(0, 4))
      expect(await store.sessions.get('s')).toMatchObject({ turns: 2 })
    })

    it('that are deleted leave a run that needs them with an error, and its log readable', async () => {
      const { store, add } = await make()
      await add('s', 'before', said('Hi'))
      const { assistant } = talker(down, text('Done.'))
      const fails = async (): Promise<RunError> =>
        assistant
          .run('Look', { session: store.session('s'), store, runId: 'r' })
          .result()
          .then(
            () => Promise.reject(new Error('Expected the run to fail.')),
            (error: RunError) => error,
          )
      expect((await fails()).message).toContain('the server is down')
      await store.sessions.delete('s')
      expect((await fails()).code).toBe('point_unknown')
      const log = await store.read('r')
      expect(log.map(({ key }) => key)).toEqual(['run', 'session'])
      expect(log[1]?.value).not.toHaveProperty('items')
    })

    it('can be on another store than the run', async () => {
      const { store, add } = await make()
      await add('s', 'before', said('Hi'))
      const runs = memoryRuns()
      const { assistant } = talker(down, text('Done.'))
      const session = store.session('s')
      await assistant
        .run('Look', { session, store: runs, runId: 'r' })
        .result()
        .catch(() => undefined)
      const result = await assistant.resume('r', [], { session, store: runs }).result()
      expect(texts(result.history)).toEqual(['Hi', 'Look', 'Done.'])
    })

    it('leave nothing behind when they are deleted', async () => {
      const { store, add, count } = await make()
      const long = said('x'.repeat(300_000))
      await add('a', 'r1', long)
      await add('a', 'r2', said('short'))
      await store.sessions.fork('a', 'b')
      await store.sessions.fork('a', 'c', { at: 1 })
      await add('a', 'r3', said('more'), long)
      await add('b', 'r3', said('other'))
      await add('c', 'r3', said('third'))
      // A point that somebody outside has named keeps what it needs.
      const at = (await store.sessions.get('b'))?.at
      const free = await store.history.append(at, [said('free')])
      expect(await count('turns')).toBe(6)
      for (const id of ['a', 'b', 'c']) await store.sessions.delete(id)
      expect(texts(await store.history.read(free))).toEqual([
        (long as { content: string }).content,
        'short',
        'other',
        'free',
      ])
      expect(await count('turns')).toBe(4)
      expect(await count('blobs')).toBe(1)
      expect(await count('sessions')).toBe(0)
      expect(await count('session_runs')).toBe(0)
    })

    it('leave no turn, line or blob behind, in whatever order they are deleted', async () => {
      const { store, add, count } = await make()
      const long = said('y'.repeat(300_000))
      for (const order of ['abc', 'bca', 'cab', 'cba']) {
        await add('a', `${order}1`, long)
        await store.sessions.fork('a', 'b')
        await add('a', `${order}2`, long)
        await add('b', `${order}3`, said('b'))
        await store.sessions.fork('b', 'c', { at: 1 })
        await add('c', `${order}4`, long, long)
        await Promise.all([...order].map((id) => store.sessions.delete(id)))
        for (const table of ['turns', 'lines', 'blobs', 'blob_uses', 'session_runs', 'sessions'])
          expect([order, table, await count(table)]).toEqual([order, table, 0])
      }
    })

    it('stay whole while they are added to, forked and deleted at once', async () => {
      const { store, add, count } = await make()
      const ids = ['a', 'b', 'c', 'd']
      const expected = new Set(['session_busy', 'session_unknown', 'session_exists'])
      const tolerate = (error: unknown): void => {
        if (!expected.has((error as { code: string }).code)) throw error
      }
      const worker = async (n: number): Promise<void> => {
        for (let step = 0; step < 12; step++) {
          const id = ids[(n + step) % ids.length] as string
          const other = ids[(n + 2 * step + 1) % ids.length] as string
          await add(id, `${n}.${step}`, said(`${n}.${step}`)).catch(tolerate)
          await store.sessions.fork(id, other).catch(tolerate)
          if (step % 3 === n % 3) await store.sessions.delete(other).catch(tolerate)
        }
      }
      await Promise.all(Array.from({ length: 6 }, (_, n) => worker(n)))
      for (const { id, items, turns } of await store.sessions.list()) {
        expect(await store.sessions.read(id)).toHaveLength(items)
        expect(items).toBe(turns)
        await store.sessions.delete(id)
      }
      for (const table of ['turns', 'lines', 'session_runs'])
        expect([table, await count(table)]).toEqual([table, 0])
    })

    it('keep out what is to be redacted', async () => {
      const { store, add, sql } = await make({ redact: { fields: ['password'] } })
      await add('s', 'r', { type: 'message', role: 'user', content: 'x', password: 'hunter2' } as never)
      await store.history.append(undefined, [{ password: 'hunter2' } as never])
      const rows = await sql.all<{ items: string }>('select items from antiphon_turns')
      expect(rows).toHaveLength(2)
      expect(JSON.stringify(rows)).not.toContain('hunter2')
    })

    it('are taken back from a hold of this process that nobody knows of', async () => {
      const { store, sql } = await make()
      const lost = await store.session('s').open('r1')
      // As after a lost connection: the database has a token that this process never learned of.
      await sql.run('update antiphon_sessions set token = ?', ['unknown'])
      const open = await store.session('s').open('r2')
      await expect(lost.append([said('late')])).rejects.toMatchObject({ code: 'run_taken' })
      await open.release()
    })
  })
