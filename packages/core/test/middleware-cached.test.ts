import { finalText, type ResponseEvent } from '@antiphon/client'
import { agent, type CacheStore, cached, tool } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { callModel, testContext } from './call-model.ts'

const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })

describe('cached', () => {
  it('answers the same request by the very events of the first answer', async () => {
    const model = scripted([text('Once')])
    const caching = cached(model)
    const first = await callModel(caching)
    const again = await callModel(caching)
    expect(model.requests).toHaveLength(1)
    expect(again.events).toEqual(first.events)
    expect(again.events[0]).not.toBe(first.events[0])
  })

  it('repeats a whole run with tools without asking the model again', async () => {
    const model = scripted([calls(call('look')), text('Done')])
    const assistant = agent({ model, tools: [look], use: [cached()] })
    const first = await assistant.run('Hi').result()
    const again = await assistant.run('Hi').result()
    expect(again.items).toEqual(first.items)
    expect(again.usage).toEqual(first.usage)
    expect(model.requests).toHaveLength(2)
  })

  it('tells requests apart by what they say, not by the order in which they say it', async () => {
    const model = scripted([text('One'), text('Two'), text('Three')])
    const caching = cached(model)
    await callModel(caching, {
      input: [{ role: 'user', content: 'Hi' }],
      temperature: 1,
      metadata: { a: '1', b: '2' },
    })
    await callModel(caching, {
      metadata: { b: '2', a: '1' },
      temperature: 1,
      input: [{ content: 'Hi', role: 'user' }],
    })
    expect(model.requests).toHaveLength(1)
    await callModel(caching, { input: [{ role: 'user', content: 'Hi' }], temperature: 0 })
    await callModel(caching, { input: [{ role: 'user', content: 'Ho' }], temperature: 1 })
    expect(model.requests).toHaveLength(3)
  })

  it('sees that an item was changed in place between two calls outside a run', async () => {
    const model = scripted([text('One'), text('Two')])
    const caching = cached(model)
    const item = { role: 'user' as const, content: 'Hi' }
    await callModel(caching, { input: [item] })
    item.content = 'Ho'
    expect(finalText((await callModel(caching, { input: [item] })).response)).toBe('Two')
  })

  it('keeps the answers of two models apart in one store', async () => {
    const store = new Map<string, string>()
    const one = cached(scripted([text('From a')], { modelName: 'a' }), { store })
    const other = cached(scripted([text('From b')], { modelName: 'b' }), { store })
    await callModel(one)
    expect(finalText((await callModel(other)).response)).toBe('From b')
  })

  it.each([
    ['incomplete', { text: 'Half of it', incomplete: 'max_output_tokens' }],
    ['failed', { failed: { code: 'server_error', message: 'Broken.' } }],
    [
      'incomplete under the name of a complete one',
      { text: 'Half', response: { incomplete_details: { reason: 'content_filter' } } },
    ],
  ])('keeps no answer that is %s', async (_name, step) => {
    const model = scripted([step, text('Whole')])
    const caching = cached(model)
    await callModel(caching)
    expect(finalText((await callModel(caching)).response)).toBe('Whole')
  })

  it('keeps no answer that broke off', async () => {
    const model = scripted([{ text: 'Half', error: new Error('cut') }, text('Whole')])
    const caching = cached(model)
    await expect(callModel(caching)).rejects.toThrow('cut')
    expect(finalText((await callModel(caching)).response)).toBe('Whole')
  })

  it.each([{ conversation: 'conv_1' }, { background: true }])(
    'does not answer %j from memory',
    async (more) => {
      const model = scripted([text('One'), text('Two')])
      const caching = cached(model)
      await callModel(caching, { input: 'Hi', ...more })
      expect(finalText((await callModel(caching, { input: 'Hi', ...more })).response)).toBe('Two')
    },
  )

  it('forgets the answer that was not asked for the longest', async () => {
    const model = scripted([text('a1'), text('b1'), text('c1'), text('b2')])
    const caching = cached(model, { maxEntries: 2 })
    const ask = async (input: string): Promise<string> =>
      finalText((await callModel(caching, { input })).response)
    expect([
      await ask('a'),
      await ask('b'),
      await ask('a'),
      await ask('c'),
      await ask('a'),
      await ask('b'),
    ]).toEqual(['a1', 'b1', 'a1', 'c1', 'a1', 'b2'])
  })

  it('works with a store that answers later, and keeps text in it', async () => {
    const kept = new Map<string, string>()
    const store: CacheStore = {
      get: async (key) => kept.get(key) ?? null,
      set: async (key, value) => void kept.set(key, value),
    }
    const model = scripted([text('Once')])
    await callModel(cached(model, { store }))
    const { events } = await callModel(cached(model, { store }))
    expect(model.requests).toHaveLength(1)
    expect(JSON.parse([...kept.values()][0] as string)).toEqual(events)
  })

  it('uses a key of yours, and keeps nothing where that is undefined', async () => {
    const model = scripted([text('One'), text('Two'), text('Three')])
    const caching = cached(model, { key: ({ user }) => user ?? undefined })
    await callModel(caching, { input: 'Hi', user: 'u' })
    await callModel(caching, { input: 'Ho', user: 'u' })
    expect(model.requests).toHaveLength(1)
    await callModel(caching, { input: 'Hi' })
    await callModel(caching, { input: 'Hi' })
    expect(model.requests).toHaveLength(3)
  })

  it.each([
    ['cannot be read', { get: () => Promise.reject(new Error('store down')), set: () => undefined }],
    ['cannot be written', { get: () => undefined, set: () => Promise.reject(new Error('store down')) }],
    [
      'throws',
      {
        get: () => undefined,
        set: () => {
          throw new Error('store down')
        },
      },
    ],
  ] satisfies [string, CacheStore][])(
    'answers nevertheless when its store %s, and says so',
    async (_name, store) => {
      const context = testContext()
      const { response } = await callModel(
        cached(scripted([text('Fine')]), { store }),
        { input: 'Hi' },
        context,
      )
      expect(finalText(response)).toBe('Fine')
      expect(context.warnings).toEqual([expect.stringMatching(/store could not be .*store down/)])
    },
  )

  it('asks the model when what is kept is not what it wrote', async () => {
    const context = testContext()
    const store: CacheStore = { get: () => '[{"type":"response.cr', set: () => undefined }
    const { response } = await callModel(
      cached(scripted([text('Fine')]), { store }),
      { input: 'Hi' },
      context,
    )
    expect(finalText(response)).toBe('Fine')
    expect(context.warnings).toHaveLength(1)
  })

  it('lets a run be cancelled while its store hangs', async () => {
    const store: CacheStore = { get: () => new Promise(() => undefined), set: () => undefined }
    const run = agent({ model: scripted([]), use: [cached({ store })] }).run('Hi')
    run.on('turn.started', () => setTimeout(() => run.cancel('enough'), 1))
    expect((await run.result()).stop).toEqual({ reason: 'cancelled', message: 'enough' })
  })

  it('passes events on while they come, not at the end', async () => {
    let shown = 0
    const events = (async function* (): AsyncGenerator<ResponseEvent> {
      yield { type: 'keepalive' }
      expect(shown).toBe(1)
      yield { type: 'keepalive' }
      expect(shown).toBe(2)
    })()
    await cached(scripted([{ events }]))({ input: 'Hi' }, () => void shown++, testContext())
    expect(shown).toBe(2)
  })

  it('refuses a memory of no entries', () => {
    expect(() => cached({ maxEntries: 0 })).toThrow(/Expected `maxEntries`/)
  })
})
