// What every ResponseStore holds; memory, SQLite and Postgres run it.
import type { Response, ResponseRequest } from '@antiphon/client'
import type { Inserted, ResponseStore } from '@antiphon/store'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectNothing } from './expect-nothing.ts'
import { freshPlace, type ResponseHandle, type ResponsePlace } from './response-place.ts'
import { allFrames, approvalOf, framesOf, responseOf, rowOf } from './sample-responses.ts'

const HOSTILE = 'a\0b \ud800 c \udfff "quoted" \u2028 ü 😀'
const kindsOf = (results: readonly Inserted[]): string[] => results.map(({ kind }) => kind).sort()

export const responseSuite = ({ name, make, numRuns }: ResponsePlace): void =>
  void describe(`responses, ${name}`, () => {
    const fresh = (): Promise<() => ResponseHandle> => freshPlace({ make })
    const one = async (): Promise<ResponseStore> => (await fresh())().responses

    it('gives back what was inserted, to whoever asks', async () => {
      const open = await fresh()
      const { responses } = open()
      const whole = rowOf('a', 'resp_1', {
        status: 'queued',
        conversation: 'conv_1',
        before: { line: 'l', n: 3 },
        output: { line: 'l', n: 4 },
        inputCount: 7,
        expiresAt: 5_000,
        background: false,
      })
      expect(await responses.insert(whole)).toEqual({ kind: 'inserted' })
      expect(await responses.insert(rowOf('a', 'resp_2'))).toEqual({ kind: 'inserted' })
      for (const reader of [responses, open().responses]) {
        expect(await reader.get('a', 'resp_1')).toEqual({ ...whole, epoch: 1, updatedAt: 1_000 })
        expect(await reader.get('a', 'resp_2')).toEqual({
          ...rowOf('a', 'resp_2'),
          epoch: 1,
          updatedAt: 1_000,
        })
        expect(await reader.statusOf('a', 'resp_1')).toBe('queued')
        expect(await reader.get('a', 'resp_3')).toBeUndefined()
        expect(await reader.statusOf('a', 'resp_3')).toBeUndefined()
      }
    })

    it('keeps what it was given, whatever becomes of the objects', async () => {
      const responses = await one()
      const given = responseOf('resp_1') as Response & { metadata: Record<string, string> }
      await responses.insert(rowOf('a', 'resp_1', { response: given }))
      given.metadata.text = 'changed'
      const read = (await responses.get('a', 'resp_1'))?.response as typeof given
      expect(read.metadata.text).toBe('hello')
      read.metadata.text = 'changed'
      expect((await responses.get('a', 'resp_1'))?.response).toEqual(responseOf('resp_1'))
    })

    it('refuses an id that is there already, and ids that no database can keep', async () => {
      const responses = await one()
      const invalid = { code: 'invalid_config' }
      await responses.insert(rowOf('a', 'resp_1'))
      await expect(responses.insert(rowOf('a', 'resp_1', { status: 'failed' }))).rejects.toMatchObject(
        invalid,
      )
      const bad = ['', 'resp\0', 'resp\ud800', 'x'.repeat(256)]
      for (const id of bad) {
        await expect(responses.insert(rowOf('a', id))).rejects.toMatchObject(invalid)
        await expect(responses.insert(rowOf(id, 'resp_2'))).rejects.toMatchObject(invalid)
        await expect(responses.insertApproval(approvalOf('a', id))).rejects.toMatchObject(invalid)
        const conversation = { tenant: 'a', id, metadata: {}, createdAt: 1 }
        await expect(responses.insertConversation(conversation)).rejects.toMatchObject(invalid)
        for (const [tenant, other] of [
          ['a', id],
          [id, 'resp_1'],
        ] as const)
          await expectNothing(responses, tenant, other)
      }
      expect((await responses.get('a', 'resp_1'))?.status).toBe('in_progress')
      await responses.insertConversation({ tenant: 'a', id: 'conv_1', metadata: {}, createdAt: 1 })
      await expect(
        responses.insertConversation({ tenant: 'a', id: 'conv_1', metadata: {}, createdAt: 2 }),
      ).rejects.toMatchObject(invalid)
      await responses.insertApproval(approvalOf('a', 'mcpr_1'))
      await expect(responses.insertApproval(approvalOf('a', 'mcpr_1'))).rejects.toMatchObject(invalid)
    })

    it('changes a response only as it is expected to stand', async () => {
      const responses = await one()
      await responses.insert(rowOf('a', 'resp_1', { status: 'queued' }))
      const update = responses.update.bind(responses, 'a', 'resp_1')
      expect(await update({ status: 'failed' }, { status: ['in_progress'] })).toBe(false)
      expect(await update({ status: 'failed' }, { status: [] })).toBe(false)
      expect(await update({ status: 'failed' }, { epoch: 2 })).toBe(false)
      expect(await update({ status: 'failed' }, { epoch: 2, status: ['queued'] })).toBe(false)
      expect((await responses.get('a', 'resp_1'))?.status).toBe('queued')
      expect(await update({ status: 'in_progress' }, { epoch: 1, status: ['queued', 'in_progress'] })).toBe(
        true,
      )
      const done = { ...responseOf('resp_1', 'done'), status: 'completed' } as Response
      expect(
        await update({ status: 'completed', response: done, output: { line: 'l', n: 2 } }, { epoch: 1 }),
      ).toBe(true)
      expect(await update({ expiresAt: 9_000 })).toBe(true)
      const row = await responses.get('a', 'resp_1')
      expect(row).toMatchObject({ status: 'completed', response: done, expiresAt: 9_000, epoch: 1 })
      expect(row?.output).toEqual({ line: 'l', n: 2 })
      expect(row?.updatedAt).toBeGreaterThan(1_000)
    })

    it('lets one of many change what stands in one way', async () => {
      const open = await fresh()
      const handles = [open(), open(), open()]
      await handles[0]?.responses.insert(rowOf('a', 'resp_1'))
      const won = await Promise.all(
        Array.from({ length: 9 }, (_, n) =>
          handles[n % 3]?.responses.update(
            'a',
            'resp_1',
            { status: 'cancelled' },
            { status: ['in_progress'] },
          ),
        ),
      )
      expect(won.filter(Boolean)).toHaveLength(1)
    })

    it('gives back large values and any text', async () => {
      const responses = await one()
      const long = `${HOSTILE}${'ü'.repeat(1_000_000)}`
      const request = { model: 'm', input: long } as ResponseRequest
      await responses.insert(rowOf('a', 'resp_1', { response: responseOf('resp_1', long), request }))
      expect(await responses.get('a', 'resp_1')).toMatchObject({
        response: responseOf('resp_1', long),
        request,
      })
      const longer = responseOf('resp_1', `${long}!`)
      expect(await responses.update('a', 'resp_1', { response: longer }, { epoch: 2 })).toBe(false)
      expect(await responses.update('a', 'resp_1', { response: longer }, { epoch: 1 })).toBe(true)
      expect((await responses.get('a', 'resp_1'))?.response).toEqual(longer)
      expect(await responses.update('a', 'resp_1', { response: responseOf('resp_1', HOSTILE) })).toBe(true)
      expect((await responses.get('a', 'resp_1'))?.response).toEqual(responseOf('resp_1', HOSTILE))
      const pieces = [
        framesOf(0, 1, long),
        { first: 2, last: 2, text: HOSTILE },
        { first: 3, last: 3, text: '"' },
        { first: 4, last: 4, text: `{"$blob":"${'0'.repeat(64)}"}` },
        { first: 5, last: 5, text: long },
      ]
      expect(await responses.appendFrames('a', 'resp_1', 2, framesOf(0, 1, long))).toBe(false)
      for (const piece of pieces) expect(await responses.appendFrames('a', 'resp_1', 1, piece)).toBe(true)
      expect(await allFrames(responses.readFrames('a', 'resp_1', -1))).toEqual(pieces)
      await responses.insertConversation({
        tenant: 'a',
        id: 'c',
        metadata: { [HOSTILE]: HOSTILE },
        createdAt: 1,
      })
      expect((await responses.getConversation('a', 'c'))?.metadata).toEqual({ [HOSTILE]: HOSTILE })
      const approval = approvalOf('a', 'm', { name: HOSTILE, callId: HOSTILE })
      await responses.insertApproval(approval)
      expect(await responses.getApproval('a', 'm')).toEqual(approval)
      await responses.indexItems('a', 'resp_1', [HOSTILE, long, ''])
      for (const id of [HOSTILE, long, '']) expect(await responses.responseOfItem('a', id)).toBe('resp_1')
      expect(await responses.delete('a', 'resp_1')).toBe(true)
      expect(await allFrames(responses.readFrames('a', 'resp_1', -1))).toEqual([])
    })

    it('reads events from any number on, also from the middle of a piece', async () => {
      const open = await fresh()
      const { responses } = open()
      await responses.insert(rowOf('a', 'resp_1'))
      const pieces = Array.from({ length: 40 }, (_, n) => framesOf(3 * n, 3 * n + 2))
      for (const piece of pieces) expect(await responses.appendFrames('a', 'resp_1', 1, piece)).toBe(true)
      const reader = open().responses
      const from = (after: number) => allFrames(reader.readFrames('a', 'resp_1', after))
      expect(await from(-1)).toEqual(pieces)
      expect(await from(0)).toEqual(pieces)
      expect(await from(1)).toEqual(pieces)
      expect(await from(2)).toEqual(pieces.slice(1))
      expect(await from(64)).toEqual(pieces.slice(21))
      expect(await from(118)).toEqual(pieces.slice(39))
      expect(await from(119)).toEqual([])
      expect(await from(1_000)).toEqual([])
    })

    it('takes events in order and once each', async () => {
      const responses = await one()
      await responses.insert(rowOf('a', 'resp_1'))
      const append = (first: number, last: number, word?: string) =>
        responses.appendFrames('a', 'resp_1', 1, framesOf(first, last, word))
      const invalid = { code: 'invalid_config' }
      expect(await append(0, 3)).toBe(true)
      // Nobody knows whether a write has arrived whose answer was lost: the same once more changes nothing.
      expect(await append(0, 3)).toBe(true)
      for (const [first, last, word] of [
        [0, 3, 'other'],
        [3, 3],
        [1, 5],
        [5, 6],
        [0, 4],
      ] as const)
        await expect(append(first, last, word)).rejects.toMatchObject(invalid)
      for (const [first, last] of [
        [4, 3],
        [-1, 0],
        [4.5, 5],
        [4, Number.NaN],
      ] as const)
        await expect(
          responses.appendFrames('a', 'resp_1', 1, { first, last, text: 'x' }),
        ).rejects.toMatchObject(invalid)
      expect(await append(4, 4)).toBe(true)
      expect(await allFrames(responses.readFrames('a', 'resp_1', -1))).toEqual([
        framesOf(0, 3),
        framesOf(4, 4),
      ])
      expect(await responses.appendFrames('a', 'resp_1', 2, framesOf(5, 5))).toBe(false)
      expect(await responses.appendFrames('a', 'resp_2', 1, framesOf(0, 0))).toBe(false)
      await responses.delete('a', 'resp_1')
      expect(await append(5, 5)).toBe(false)
    })

    it('gives a response to another process when its own is gone, and to one only', async () => {
      const open = await fresh()
      const first = open()
      for (const id of ['resp_1', 'resp_2']) await first.responses.insert(rowOf('a', id))
      await first.responses.insert(rowOf('b', 'resp_1', { status: 'queued', createdAt: 2_000 }))
      await first.responses.insert(rowOf('a', 'resp_4', { status: 'completed' }))
      await first.responses.appendFrames('a', 'resp_1', 1, framesOf(0, 1))
      const [second, third] = [open(), open()]
      expect(await second.responses.abandoned()).toEqual([])
      for (const { responses } of [first, second])
        expect(await responses.claim('a', 'resp_1')).toBeUndefined()
      await first.responses.update('a', 'resp_2', { status: 'completed' })
      await first.close()
      await expect
        .poll(() => second.responses.abandoned())
        .toEqual([
          { tenant: 'a', id: 'resp_1' },
          { tenant: 'b', id: 'resp_1' },
        ])
      expect(await second.responses.abandoned(1)).toHaveLength(1)
      const taken = await Promise.all(
        [second, third, second, third].map(({ responses }) => responses.claim('a', 'resp_1')),
      )
      const won = taken.filter((row) => row !== undefined)
      expect(won).toMatchObject([{ tenant: 'a', id: 'resp_1', epoch: 2, status: 'in_progress' }])
      for (const { responses } of [second, third])
        expect(await responses.claim('a', 'resp_1')).toBeUndefined()
      expect(await second.responses.abandoned()).toEqual([{ tenant: 'b', id: 'resp_1' }])
      // Neither what has ended nor what is not there can be taken.
      for (const id of ['resp_2', 'resp_4', 'resp_5'])
        expect(await second.responses.claim('a', id)).toBeUndefined()
      // Who had it can write nothing any more.
      const { responses } = third
      expect(await responses.appendFrames('a', 'resp_1', 1, framesOf(2, 2))).toBe(false)
      expect(await responses.appendFrames('a', 'resp_1', 1, framesOf(0, 1))).toBe(false)
      expect(await responses.update('a', 'resp_1', { status: 'failed' }, { epoch: 1 })).toBe(false)
      expect(await responses.appendFrames('a', 'resp_1', 2, framesOf(2, 4))).toBe(true)
      expect(await responses.update('a', 'resp_1', { status: 'completed' }, { epoch: 2 })).toBe(true)
      expect(await allFrames(responses.readFrames('a', 'resp_1', -1))).toEqual([
        framesOf(0, 1),
        framesOf(2, 4),
      ])
    })

    it('keeps events dense and single, however those who write and take over are mixed', async () => {
      const open = await fresh()
      let handle = open()
      const step = fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({
            epochBack: fc.nat(2),
            skip: fc.integer({ min: -3, max: 2 }),
            count: fc.integer({ min: 1, max: 4 }),
          }),
        },
        { weight: 1, arbitrary: fc.constant('takeover' as const) },
      )
      let n = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const id = `resp_${n++}`
          await handle.responses.insert(rowOf('a', id))
          let epoch = 1
          let next = 0
          let text = ''
          for (const [at, one] of steps.entries()) {
            if (one === 'takeover') {
              const before = handle
              handle = open()
              await before.close()
              await expect.poll(() => handle.responses.claim('a', id)).toMatchObject({ epoch: epoch + 1 })
              epoch++
              continue
            }
            const first = next === 0 ? 0 : Math.max(0, next + one.skip)
            const piece = framesOf(first, first + one.count - 1, `${at}`)
            const wanted = one.epochBack === 0 && first === next
            const done = await handle.responses
              .appendFrames('a', id, epoch - one.epochBack, piece)
              .catch(() => 'refused')
            expect(done).toBe(wanted ? true : one.epochBack > 0 ? false : 'refused')
            if (!wanted) continue
            next += one.count
            text += piece.text
          }
          const read = await allFrames(handle.responses.readFrames('a', id, -1))
          expect(read.map((piece) => piece.text).join('')).toBe(text)
          for (const [at, piece] of read.entries())
            if (at > 0) expect(piece.first).toBe((read[at - 1]?.last ?? 0) + 1)
          await handle.responses.delete('a', id)
        }),
        { numRuns },
      )
    })

    it('answers an idempotency key with the response that has it', async () => {
      const open = await fresh()
      const { responses } = open()
      const idempotency = { key: HOSTILE.repeat(100), bodyHash: 'h1' }
      await responses.insert(rowOf('a', 'resp_1', { idempotency }))
      const existing = { ...rowOf('a', 'resp_1'), epoch: 1, updatedAt: 1_000 }
      for (const other of [responses, open().responses]) {
        expect(await other.insert(rowOf('a', 'resp_2', { idempotency }))).toEqual({
          kind: 'repeated',
          existing,
        })
        expect(
          await other.insert(rowOf('a', 'resp_2', { idempotency: { ...idempotency, bodyHash: 'h2' } })),
        ).toEqual({ kind: 'conflict', existing })
      }
      expect(await responses.get('a', 'resp_2')).toBeUndefined()
      expect(await responses.insert(rowOf('b', 'resp_1', { idempotency }))).toEqual({ kind: 'inserted' })
      expect(
        await responses.insert(rowOf('a', 'resp_2', { idempotency: { ...idempotency, key: 'k' } })),
      ).toEqual({
        kind: 'inserted',
      })
      await responses.delete('a', 'resp_1')
      expect(await responses.insert(rowOf('a', 'resp_3', { idempotency }))).toEqual({ kind: 'inserted' })
    })

    it('inserts one of many with the same key at the same moment', async () => {
      const open = await fresh()
      const handles = [open(), open(), open()]
      for (let round = 0; round < 5; round++) {
        const results = await Promise.all(
          Array.from({ length: 9 }, (_, n) => {
            const idempotency = { key: `k${round}`, bodyHash: n === 8 ? 'other' : 'same' }
            const row = rowOf('a', `resp_${round}_${n}`, { idempotency })
            return (handles[n % 3] as ResponseHandle).responses.insert(row)
          }),
        )
        const [first] = results.filter(({ kind }) => kind === 'inserted')
        expect(first).toBeDefined()
        expect(kindsOf(results).filter((kind) => kind === 'inserted')).toHaveLength(1)
        const ids = new Set(results.flatMap((one) => (one.kind === 'inserted' ? [] : [one.existing.id])))
        expect(ids.size).toBe(1)
        const winner = Number([...ids][0]?.split('_')[2])
        expect(results[winner]?.kind).toBe('inserted')
        for (const [n, { kind }] of results.entries())
          if (n !== winner) expect(kind).toBe((n === 8) === (winner === 8) ? 'repeated' : 'conflict')
      }
    })

    it('tells who waits that something has happened, here and in another handle', async () => {
      const open = await fresh()
      const [here, there] = [open(), open()]
      await here.responses.insert(rowOf('a', 'resp_1'))
      const changes: [string, (responses: ResponseStore) => Promise<unknown>, () => Promise<unknown>][] = [
        [
          'events',
          (responses) => responses.appendFrames('a', 'resp_1', 1, framesOf(0, 0)),
          async () => (await allFrames(here.responses.readFrames('a', 'resp_1', -1))).length > 0,
        ],
        [
          'a change',
          (responses) => responses.update('a', 'resp_1', { status: 'cancelled' }),
          async () => (await here.responses.statusOf('a', 'resp_1')) === 'cancelled',
        ],
        [
          'its end',
          (responses) => responses.delete('a', 'resp_1'),
          async () => (await here.responses.get('a', 'resp_1')) === undefined,
        ],
      ]
      for (const [, change, isSeen] of changes) {
        for (const { responses } of [here, there]) {
          const seen = new Promise<void>((resolve, reject) => {
            const end = responses.onNews('a', 'resp_1', () => {
              isSeen().then((yes) => {
                if (!yes) return
                end()
                resolve()
              }, reject)
            })
          })
          if (responses === there.responses) await change(here.responses)
          else await change(there.responses)
          await seen
          if (responses === here.responses && (await here.responses.get('a', 'resp_1')) === undefined)
            await here.responses.insert(rowOf('a', 'resp_1'))
        }
      }
    })

    it('calls nobody who has left, and no other twice', async () => {
      const responses = await one()
      await responses.insert(rowOf('a', 'resp_1'))
      let left = 0
      let stayed = 0
      const leave = responses.onNews('a', 'resp_1', () => left++)
      const end = responses.onNews('a', 'resp_1', () => stayed++)
      leave()
      leave()
      const before = left
      await responses.appendFrames('a', 'resp_1', 1, framesOf(0, 0))
      expect(stayed).toBeGreaterThan(0)
      expect(left).toBe(before)
      end()
    })
  })
