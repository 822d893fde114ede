// What responses in a database hold beyond those in memory: between processes, and in what is written.
import type { Store, StoreOptions } from '@antiphon/store'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Presence } from '../src/presence.ts'
import { sqlResponses } from '../src/responses/sql-responses.ts'
import type { OpenedSql } from '../src/sql.ts'
import { otherProcess } from './other-process.ts'
import { allFrames, approvalOf, framesOf, responseOf, rowOf } from './sample-responses.ts'
import { tracedSql } from './traced-sql.ts'

export interface ResponseStorePlace {
  readonly name: string
  make(): Promise<{
    readonly target: string
    open(options?: StoreOptions): Store
    openSql(): Promise<OpenedSql>
    end(): Promise<void>
  }>
}

export const responseStoreSuite = ({ name, make }: ResponseStorePlace): void =>
  void describe(`responses in a database, ${name}`, () => {
    const fresh = async () => {
      const { target, open, openSql, end } = await make()
      const closing: (() => Promise<void>)[] = []
      onTestFinished(async () => {
        for (const close of closing) await close()
        await end()
      })
      const kept = <T extends { close(): Promise<void> }>(one: T): T => {
        closing.push(() => one.close())
        return one
      }
      return {
        target,
        open: (options?: StoreOptions) => kept(open(options)),
        openSql: async () => kept(await openSql()),
      }
    }

    it('gives up a response when its process is killed, not before, and another goes on', async () => {
      const { target, open } = await fresh()
      const { responses } = open()
      const other = otherProcess(target, 'hold-response', 'resp_1')
      expect(await other.line()).toBe('begun')
      expect(await responses.abandoned()).toEqual([])
      expect(await responses.claim('a', 'resp_1')).toBeUndefined()
      other.signal('SIGSTOP')
      expect(await responses.claim('a', 'resp_1')).toBeUndefined()
      await other.kill()
      // A database server sees the end of a connection a moment after the process is gone.
      await expect.poll(() => responses.abandoned()).toEqual([{ tenant: 'a', id: 'resp_1' }])
      expect(await responses.claim('a', 'resp_1')).toMatchObject({ epoch: 2 })
      expect(await responses.abandoned()).toEqual([])
      expect(await responses.appendFrames('a', 'resp_1', 1, framesOf(10, 10))).toBe(false)
      expect(await responses.appendFrames('a', 'resp_1', 2, framesOf(10, 10))).toBe(true)
      expect(await allFrames(responses.readFrames('a', 'resp_1', 4))).toEqual([
        framesOf(0, 9),
        framesOf(10, 10),
      ])
    })

    it('keeps out a process that lost the response while it writes', async () => {
      const { target, open, openSql } = await fresh()
      const { responses } = open()
      const sql = await openSql()
      const other = otherProcess(target, 'write-response', 'resp_1')
      expect([await other.line(), await other.line()]).toEqual(['begun', 'writing'])
      await sql.run(`update antiphon_responses set epoch = 2 where tenant = 'a' and id = 'resp_1'`)
      const there = await allFrames(responses.readFrames('a', 'resp_1', -1))
      const next = (there.at(-1)?.last ?? -1) + 1
      expect(await responses.appendFrames('a', 'resp_1', 2, framesOf(next, next, 'mine'))).toBe(true)
      expect((await other.end()).slice(2)).toEqual(['updated false'])
      const all = await allFrames(responses.readFrames('a', 'resp_1', -1))
      expect(all).toHaveLength(there.length + 1)
      expect(all.flatMap(({ first, last }) => (first === 0 ? [9] : first === last ? [first] : []))).toEqual(
        all.map((_, n) => n + 9),
      )
      expect(await responses.get('a', 'resp_1')).toMatchObject({ epoch: 2, status: 'in_progress' })
      // What it could not write has left nothing behind.
      expect(await responses.delete('a', 'resp_1')).toBe(true)
      for (const table of ['antiphon_blobs', 'antiphon_blob_uses'])
        expect(await sql.all<{ n: number }>(`select count(*) as n from ${table}`)).toEqual([{ n: 0 }])
    })

    it('tells what happens in another process', async () => {
      const { target, open } = await fresh()
      const { responses } = open()
      await responses.insert(rowOf('a', 'resp_1'))
      const cancelled = new Promise<void>((resolve, reject) => {
        const end = responses.onNews('a', 'resp_1', () => {
          responses.statusOf('a', 'resp_1').then((status) => {
            if (status !== 'cancelled') return
            end()
            resolve()
          }, reject)
        })
      })
      const other = otherProcess(target, 'cancel-response', 'resp_1')
      await cancelled
      await other.end()
    })

    it('tells nobody any more when the store is closed', async () => {
      const { open } = await fresh()
      const store = open()
      await store.responses.insert(rowOf('a', 'resp_1'))
      let awake = 0
      store.responses.onNews('a', 'resp_1', () => awake++)
      await store.close()
      const before = awake
      const other = open()
      await other.responses.update('a', 'resp_1', { status: 'completed' })
      const seen = new Promise<void>((resolve) => {
        const end = other.responses.onNews('a', 'resp_1', () => {
          end()
          resolve()
        })
      })
      await other.responses.update('a', 'resp_1', { expiresAt: 1 })
      await seen
      expect(awake).toBe(before)
    })

    it('keeps large values apart, once each, and removes them with the response', async () => {
      const { open, openSql } = await fresh()
      const { responses } = open()
      const sql = await openSql()
      const long = 'x'.repeat(1_000_000)
      await responses.insert(rowOf('a', 'resp_1', { response: responseOf('resp_1', long) }))
      await responses.appendFrames('a', 'resp_1', 1, framesOf(0, 0, long))
      await responses.insert(rowOf('b', 'resp_1', { response: responseOf('resp_1', long) }))
      expect(
        await responses.update('a', 'resp_1', { response: responseOf('resp_1', `${long}1`) }, { epoch: 1 }),
      ).toBe(true)
      const [row] = await sql.all<{ chars: number }>(
        'select max(length(response)) as chars from antiphon_responses',
      )
      expect(row?.chars).toBeLessThan(200)
      const [piece] = await sql.all<{ chars: number }>(
        'select max(length(frames)) as chars from antiphon_response_events',
      )
      expect(piece?.chars).toBeLessThan(200)
      const blobs = async () => (await sql.all('select sha256 from antiphon_blobs')).length
      expect(await blobs()).toBe(3)
      await responses.delete('a', 'resp_1')
      expect(await blobs()).toBe(1)
      expect((await responses.get('b', 'resp_1'))?.response).toEqual(responseOf('resp_1', long))
      await responses.update('b', 'resp_1', { expiresAt: 1 })
      expect(await responses.removeExpired()).toBe(1)
      expect(await blobs()).toBe(0)
      expect(await sql.all('select owner from antiphon_blob_uses')).toEqual([])
    })

    it('takes secrets out of all that it writes, and leaves every other frame as it was', async () => {
      const { open, openSql } = await fresh()
      const { responses } = open({ redact: { fields: ['password'], secrets: ['hunter22'] } })
      const sql = await openSql()
      const secret = { password: 'open sesame', note: 'it is hunter22' }
      const response = { ...responseOf('resp_1'), metadata: secret } as ReturnType<typeof responseOf>
      await responses.insert(
        rowOf('a', 'resp_1', { response, request: { ...rowOf('a', 'x').request, metadata: secret } }),
      )
      await responses.update('a', 'resp_1', { response })
      const odd = ': comment\n\nevent: odd\ndata: {"spaced" :  1}\n\ndata: [DONE]\n\n'
      const hidden = `event: told\ndata: ${JSON.stringify(secret)}\n\ndata: hunter22 is no JSON\n\n`
      await responses.appendFrames('a', 'resp_1', 1, { first: 0, last: 1, text: odd + hidden })
      await responses.insertConversation({ tenant: 'a', id: 'conv_1', metadata: secret, createdAt: 1 })
      await responses.setMetadata('a', 'conv_1', secret)
      const clean = { password: '[redacted]', note: 'it is [redacted]' }
      const row = await responses.get('a', 'resp_1')
      expect(row?.response.metadata).toEqual(clean)
      expect(row?.request.metadata).toEqual(clean)
      expect((await responses.getConversation('a', 'conv_1'))?.metadata).toEqual(clean)
      const text = `${odd}event: told\ndata: ${JSON.stringify(clean)}\n\ndata: [redacted] is no JSON\n\n`
      expect(await allFrames(responses.readFrames('a', 'resp_1', -1))).toEqual([{ first: 0, last: 1, text }])
      for (const table of ['responses', 'response_events', 'conversations'])
        expect(JSON.stringify(await sql.all(`select * from antiphon_${table}`))).not.toMatch(
          /sesame|hunter22/,
        )
    })

    it('is read by keys alone', async () => {
      const { open, openSql } = await fresh()
      const store = open()
      const { responses } = store
      for (let n = 0; n < 100; n++) {
        const id = `resp_${n}`
        const ended = { status: 'completed' as const, expiresAt: 1_000 + n }
        await responses.insert(
          rowOf('a', id, { ...(n < 90 ? ended : {}), idempotency: { key: id, bodyHash: id } }),
        )
        await responses.appendFrames('a', id, 1, framesOf(0, 3))
        await responses.indexItems('a', id, [`msg_${n}`, `fc_${n}`])
        await responses.insertConversation({ tenant: 'a', id, metadata: {}, createdAt: 1 })
        await responses.insertApproval(approvalOf('a', id, { expiresAt: 1_000 + n }))
      }
      const sql = await openSql()
      const traced = tracedSql(sql)
      const presence: Presence = {
        owner: async () => '7',
        isAlive: async () => false,
        wake: () => undefined,
        onWake: () => () => undefined,
        pollMs: 1_000,
        close: async () => undefined,
      }
      const { responses: watched } = sqlResponses({ sql: traced, presence })
      await watched.insert(rowOf('a', 'resp_new', { idempotency: { key: 'resp_5', bodyHash: 'resp_5' } }))
      await watched.insert(rowOf('a', 'resp_new', { idempotency: { key: 'new', bodyHash: 'new' } }))
      await watched.appendFrames('a', 'resp_new', 1, framesOf(0, 3))
      await watched.indexItems('a', 'resp_new', ['msg_7'])
      await watched.update('a', 'resp_new', { status: 'failed' }, { status: ['in_progress'], epoch: 1 })
      await watched.statusOf('a', 'resp_5')
      await watched.claim('a', 'resp_95')
      await watched.responseOfItem('a', 'msg_7')
      await allFrames(watched.readFrames('a', 'resp_5', 1))
      await watched.moveConversation('a', 'resp_5', undefined, { line: 'l', n: 1 })
      await watched.getConversation('a', 'resp_5')
      await watched.useApproval('a', 'resp_5')
      await watched.getApproval('a', 'resp_6')
      await watched.abandoned()
      await watched.removeExpired(1_001)
      expect(traced.statements.length).toBeGreaterThan(20)
      const explain = sql.dialect === 'postgres' ? 'explain' : 'explain query plan'
      for (const { text, values } of traced.statements) {
        if (!/^(select|update|delete|insert into antiphon_response_)/.test(text)) continue
        const rows = await sql.transaction(async (session) => {
          // Whether there is an index for it: a whole table that is small costs less.
          if (session.dialect === 'postgres') await session.run('set local enable_seqscan = off')
          return session.all<Record<string, unknown>>(`${explain} ${text}`, values)
        })
        const plan = rows.map((row) => String(row.detail ?? row['QUERY PLAN'])).join('\n')
        expect(plan, text).not.toMatch(
          /SCAN (?!j\b|CONSTANT|antiphon_responses USING (COVERING )?INDEX antiphon_responses_owner)|Seq Scan on antiphon/,
        )
      }
    })
  })
