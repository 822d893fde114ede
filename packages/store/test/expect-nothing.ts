import type { ResponseStore } from '@antiphon/store'
import { expect } from 'vitest'
import { allFrames, framesOf, responseOf } from './sample-responses.ts'

/** No method finds anything under these names, and none does anything. */
export const expectNothing = async (responses: ResponseStore, tenant: string, id: string): Promise<void> => {
  expect(await responses.get(tenant, id)).toBeUndefined()
  expect(await responses.statusOf(tenant, id)).toBeUndefined()
  expect(
    await responses.update(tenant, id, { status: 'failed', response: responseOf(id, 'x'.repeat(300_000)) }),
  ).toBe(false)
  expect(await responses.update(tenant, id, { status: 'failed' }, { epoch: 1 })).toBe(false)
  expect(await responses.delete(tenant, id)).toBe(false)
  expect(await responses.claim(tenant, id)).toBeUndefined()
  expect(await responses.appendFrames(tenant, id, 1, framesOf(2, 2))).toBe(false)
  expect(await responses.appendFrames(tenant, id, 1, framesOf(0, 0, 'x'.repeat(300_000)))).toBe(false)
  expect(await allFrames(responses.readFrames(tenant, id, -1))).toEqual([])
  await responses.indexItems(tenant, id, ['one', 'msg_x'])
  expect(await responses.responseOfItem(tenant, 'one')).toBeUndefined()
  expect(await responses.getConversation(tenant, id)).toBeUndefined()
  expect(await responses.setMetadata(tenant, id, { of: tenant })).toBe(false)
  expect(await responses.moveConversation(tenant, id, undefined, { line: 'l', n: 1 })).toBe(false)
  expect(await responses.deleteConversation(tenant, id)).toBe(false)
  expect(await responses.getApproval(tenant, id)).toBeUndefined()
  expect(await responses.useApproval(tenant, id)).toBe(false)
  expect(await responses.useApproval(tenant, id, tenant)).toBe(false)
}
