import type { ResponseStore, Store } from '@antiphon/store'
import { sqlite } from '@antiphon/store/sqlite'
import { offline } from 'antiphon'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { idOf, resumeResponse, streamResponse } from './event-reader.ts'
import { serving } from './serving.ts'

/** A store in memory whose responses are changed a little. */
const storeWith = (change: (responses: ResponseStore) => Partial<ResponseStore>): Store => {
  const store = sqlite(':memory:')
  onTestFinished(() => store.close())
  const responses = { ...store.responses, ...change(store.responses) }
  return new Proxy(store, {
    get: (whole, name) => {
      if (name === 'responses') return responses
      const value = Reflect.get(whole, name, whole) as unknown
      return typeof value === 'function' ? value.bind(whole) : value
    },
  })
}

describe('the end of a stream', () => {
  it('is stored when everything before it is written, so that whoever finds it ended can tell the rest', async () => {
    const written: string[] = []
    const store = storeWith((responses) => ({
      async update(tenant, id, change, when) {
        if (change.status === 'completed')
          for await (const { text } of responses.readFrames(tenant, id, -1)) written.push(text)
        return responses.update(tenant, id, change, when)
      },
    }))
    const { url } = await serving(offline(), { store })
    const reader = streamResponse(url, { input: 'Hello there', background: true })
    expect(await reader.over).toBe('done')
    const before = written.join('')
    expect(before.match(/^event: /gm)).toHaveLength(reader.events.length - 1)
    expect(before).toContain('event: response.output_item.done')
  })

  it('tells the very response that is stored, also when the second is another one', async () => {
    let lateMs = 0
    const now = Date.now
    vi.spyOn(Date, 'now').mockImplementation(() => now() + lateMs)
    onTestFinished(() => void vi.restoreAllMocks())
    const store = storeWith((responses) => ({
      async update(tenant, id, change, when) {
        const isDone = await responses.update(tenant, id, change, when)
        if (change.status === 'completed') lateMs += 5_000
        return isDone
      },
    }))
    const { url } = await serving(offline(), { store })
    const reader = streamResponse(url, { input: 'Hello there' })
    await reader.over
    const { response } = reader.events.at(-1) as unknown as { response: unknown }
    expect(await (await fetch(`${url}/responses/${await idOf(reader)}`)).json()).toEqual(response)
  })

  it('is told by whoever reads when the process has ended between the two', async () => {
    let isCut = false
    const store = storeWith((responses) => ({
      async appendFrames(tenant, id, epoch, frames) {
        if (isCut) throw new Error('The disk is gone.')
        return responses.appendFrames(tenant, id, epoch, frames)
      },
      async update(tenant, id, change, when) {
        if (change.status === 'completed') isCut = true
        return responses.update(tenant, id, change, when)
      },
    }))
    const { url } = await serving(offline(), { store })
    const reader = streamResponse(url, { input: 'Hello there' })
    expect(await reader.over).toBe('done')
    const again = resumeResponse(url, await idOf(reader))
    expect(await again.over).toBe('done')
    expect(again.events).toEqual(reader.events)
  })
})

describe('a store that fails', () => {
  it.each(['update', 'indexItems', 'appendFrames'] as const)(
    'at %s ends the stream and gives the place back',
    async (method) => {
      const rejected: unknown[] = []
      const note = (error: unknown): void => void rejected.push(error)
      process.on('unhandledRejection', note)
      onTestFinished(() => void process.off('unhandledRejection', note))
      const store = storeWith(() => ({ [method]: () => Promise.reject(new Error('The disk is gone.')) }))
      const { url } = await serving(offline(), { store, limits: { concurrency: 1 } })
      for (const background of [true, false, true]) {
        const body = JSON.stringify({ input: 'Hello there', background })
        const headers = { 'content-type': 'application/json' }
        await expect
          .poll(async () => (await fetch(`${url}/responses`, { method: 'POST', headers, body })).status)
          .not.toBe(429)
      }
      expect(rejected).toEqual([])
    },
  )
})
