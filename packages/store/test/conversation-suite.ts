// What every ResponseStore holds of conversations, approvals, items, retention and tenants; memory, SQLite and Postgres run it.
import type { ResponseStore } from '@antiphon/store'
import { describe, expect, it } from 'vitest'
import { expectNothing } from './expect-nothing.ts'
import { freshPlace, type ResponseHandle, type ResponsePlace } from './response-place.ts'
import { allFrames, approvalOf, framesOf, rowOf } from './sample-responses.ts'

export const conversationSuite = ({ name, make }: ResponsePlace): void =>
  void describe(`conversations and tenants, ${name}`, () => {
    const fresh = (): Promise<() => ResponseHandle> => freshPlace({ make })
    const one = async (): Promise<ResponseStore> => (await fresh())().responses

    it('keeps conversations, and moves one for one of many', async () => {
      const open = await fresh()
      const { responses } = open()
      const conversation = { tenant: 'a', id: 'conv_1', metadata: { topic: 'x' }, createdAt: 5 }
      await responses.insertConversation(conversation)
      expect(await responses.getConversation('a', 'conv_1')).toEqual(conversation)
      const p1 = { line: 'l', n: 1 }
      const p2 = { line: 'l', n: 2 }
      const move = responses.moveConversation.bind(responses, 'a', 'conv_1')
      expect(await move(p1, p2)).toBe(false)
      expect(await move(undefined, p1)).toBe(true)
      expect(await move(undefined, p2)).toBe(false)
      expect(await move({ line: 'l', n: 3 }, p2)).toBe(false)
      expect(await move({ line: 'k', n: 1 }, p2)).toBe(false)
      expect(await responses.getConversation('a', 'conv_1')).toEqual({ ...conversation, head: p1 })
      const handles = [open(), open()]
      const moved = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          handles[n % 2]?.responses.moveConversation('a', 'conv_1', p1, { line: `l${n}`, n: 2 }),
        ),
      )
      expect(moved.filter(Boolean)).toHaveLength(1)
      expect((await responses.getConversation('a', 'conv_1'))?.head).toEqual({
        line: `l${moved.indexOf(true)}`,
        n: 2,
      })
      expect(await move({ line: `l${moved.indexOf(true)}`, n: 2 }, undefined)).toBe(true)
      expect(await responses.setMetadata('a', 'conv_1', { other: 'y' })).toBe(true)
      expect(await responses.getConversation('a', 'conv_1')).toEqual({
        ...conversation,
        metadata: { other: 'y' },
      })
      expect(await responses.deleteConversation('a', 'conv_1')).toBe(true)
      expect(await responses.deleteConversation('a', 'conv_1')).toBe(false)
      expect(await responses.getConversation('a', 'conv_1')).toBeUndefined()
      expect(await responses.setMetadata('a', 'conv_1', {})).toBe(false)
      expect(await move(undefined, p1)).toBe(false)
    })

    it('lets an approval be used once, or by one who says who it is', async () => {
      const open = await fresh()
      const handles = [open(), open()]
      const { responses } = handles[0] as ResponseHandle
      for (const id of ['mcpr_1', 'mcpr_2', 'mcpr_3']) await responses.insertApproval(approvalOf('a', id))
      expect(await responses.getApproval('a', 'mcpr_1')).toEqual(approvalOf('a', 'mcpr_1'))
      const used = await Promise.all(
        Array.from({ length: 8 }, (_, n) => handles[n % 2]?.responses.useApproval('a', 'mcpr_1')),
      )
      expect(used.filter(Boolean)).toHaveLength(1)
      expect(await responses.getApproval('a', 'mcpr_1')).toBeUndefined()
      expect(await responses.useApproval('a', 'mcpr_1', 'resp_1')).toBe(false)
      const by = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          handles[n % 2]?.responses.useApproval('a', 'mcpr_2', `resp_${n}`),
        ),
      )
      expect(by.filter(Boolean)).toHaveLength(1)
      const winner = `resp_${by.indexOf(true)}`
      expect(await responses.useApproval('a', 'mcpr_2', winner)).toBe(true)
      expect(await responses.getApproval('a', 'mcpr_2', winner)).toEqual(approvalOf('a', 'mcpr_2'))
      for (const other of [undefined, '', 'resp_x']) {
        expect(await responses.useApproval('a', 'mcpr_2', other)).toBe(false)
        expect(await responses.getApproval('a', 'mcpr_2', other)).toBeUndefined()
        expect(await responses.getApproval('a', 'mcpr_1', other)).toBeUndefined()
      }
      expect(await responses.useApproval('a', 'mcpr_3', '')).toBe(true)
      expect(await responses.useApproval('a', 'mcpr_3')).toBe(false)
      expect(await responses.useApproval('a', 'mcpr_4')).toBe(false)
    })

    it('removes what has expired, with all that belongs to it', async () => {
      const responses = await one()
      const idempotency = { key: 'k', bodyHash: 'h' }
      const old = { expiresAt: 100, idempotency }
      await responses.insert(rowOf('a', 'resp_1', old))
      await responses.appendFrames('a', 'resp_1', 1, framesOf(0, 0))
      await responses.indexItems('a', 'resp_1', ['msg_1'])
      for (let n = 0; n < 110; n++) await responses.insert(rowOf('b', `resp_${n}`, { expiresAt: 50 }))
      await responses.insert(rowOf('a', 'resp_2', { expiresAt: 101 }))
      await responses.insert(rowOf('a', 'resp_3'))
      await responses.insertApproval(approvalOf('a', 'mcpr_1', { expiresAt: 100 }))
      await responses.insertApproval(approvalOf('a', 'mcpr_2', { expiresAt: 101 }))
      await responses.insertApproval(approvalOf('a', 'mcpr_3'))
      expect(await responses.removeExpired(100)).toBe(111)
      expect(await responses.removeExpired(100)).toBe(0)
      expect(await responses.get('a', 'resp_1')).toBeUndefined()
      expect(await responses.responseOfItem('a', 'msg_1')).toBeUndefined()
      expect(await allFrames(responses.readFrames('a', 'resp_1', -1))).toEqual([])
      expect(await responses.insert(rowOf('a', 'resp_4', { idempotency }))).toEqual({ kind: 'inserted' })
      for (const id of ['resp_2', 'resp_3']) expect(await responses.get('a', id)).toBeDefined()
      const there = await Promise.all(
        ['mcpr_1', 'mcpr_2', 'mcpr_3'].map((id) => responses.getApproval('a', id)),
      )
      expect(there.map((approval) => approval?.id)).toEqual([undefined, 'mcpr_2', 'mcpr_3'])
      expect(await responses.removeExpired()).toBe(1)
      expect(await responses.get('a', 'resp_3')).toBeDefined()
    })

    it('finds the newest response that an item came with', async () => {
      const responses = await one()
      await responses.insert(rowOf('a', 'resp_1', { createdAt: 20 }))
      await responses.insert(rowOf('a', 'resp_2', { createdAt: 30 }))
      await responses.insert(rowOf('a', 'resp_0', { createdAt: 10 }))
      await responses.indexItems('a', 'resp_2', ['msg_1', 'msg_2', 'msg_1'])
      await responses.indexItems('a', 'resp_2', ['msg_1'])
      await responses.indexItems('a', 'resp_1', ['msg_1', 'msg_3'])
      await responses.indexItems('a', 'resp_0', ['msg_1'])
      await responses.indexItems('a', 'resp_0', [])
      await responses.indexItems('a', 'resp_9', ['msg_9'])
      const found = (id: string) => responses.responseOfItem('a', id)
      expect(await Promise.all(['msg_1', 'msg_2', 'msg_3', 'msg_9'].map(found))).toEqual([
        'resp_2',
        'resp_2',
        'resp_1',
        undefined,
      ])
      await responses.delete('a', 'resp_2')
      expect(await Promise.all(['msg_1', 'msg_2'].map(found))).toEqual(['resp_1', undefined])
    })

    it('shows and gives nothing of a tenant to another one', async () => {
      const open = await fresh()
      const { responses, close } = open()
      const idempotency = { key: 'k', bodyHash: 'h' }
      await responses.insert(rowOf('a', 'one', { idempotency }))
      await responses.appendFrames('a', 'one', 1, framesOf(0, 1))
      await responses.indexItems('a', 'one', ['one'])
      await responses.insertConversation({ tenant: 'a', id: 'one', metadata: { of: 'a' }, createdAt: 1 })
      await responses.insertApproval(approvalOf('a', 'one'))
      const state = async () => ({
        row: await responses.get('a', 'one'),
        frames: await allFrames(responses.readFrames('a', 'one', -1)),
        item: await responses.responseOfItem('a', 'one'),
        conversation: await responses.getConversation('a', 'one'),
        approval: await responses.getApproval('a', 'one'),
      })
      const before = await state()
      // Also names that would be the same when they were put together.
      for (const [tenant, id] of [
        ['b', 'one'],
        ['A', 'one'],
        ['', 'one'],
        ['ao', 'ne'],
        ['a%', 'one'],
        ['_', 'one'],
      ] as const)
        await expectNothing(responses, tenant, id)
      expect(await state()).toEqual(before)
      // The other one may have the very same names.
      expect(await responses.insert(rowOf('b', 'one', { idempotency, createdAt: 2_000 }))).toEqual({
        kind: 'inserted',
      })
      await responses.insertConversation({ tenant: 'b', id: 'one', metadata: { of: 'b' }, createdAt: 1 })
      await responses.insertApproval(approvalOf('b', 'one'))
      await responses.indexItems('b', 'one', ['one'])
      expect(await responses.appendFrames('b', 'one', 1, framesOf(0, 0))).toBe(true)
      expect(await responses.useApproval('b', 'one')).toBe(true)
      expect(await responses.delete('b', 'one')).toBe(true)
      expect(await responses.deleteConversation('b', 'one')).toBe(true)
      expect(await state()).toEqual(before)
      // Nor what is abandoned.
      await close()
      const later = open().responses
      await expect.poll(() => later.abandoned()).toEqual([{ tenant: 'a', id: 'one' }])
      expect(await later.claim('b', 'one')).toBeUndefined()
      expect(await later.claim('a', 'one')).toMatchObject({ epoch: 2 })
    })
  })
