import type { InputItem, OutputItem } from '@antiphon/client'
import {
  agent,
  type BuiltInTool,
  historyOf,
  memoryRuns,
  type RunEvent,
  replayItems,
  toKept,
  tool,
  toolOutput,
  toShown,
  WireRefusal,
  withHistory,
} from 'antiphon'
import { scripted } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

interface Opened {
  tenant: string
  closed: number
}

/** A tool type of our own: looks words up. */
const glossary = (options: Partial<BuiltInTool> = {}): BuiltInTool & { readonly seen: Opened[] } => {
  const seen: Opened[] = []
  return {
    kind: 'built-in',
    name: 'glossary',
    types: ['glossary'],
    declaration: { type: 'glossary' } as never,
    itemTypes: ['glossary_call'],
    open(_declaration, { tenant }) {
      const own: Opened = { tenant, closed: 0 }
      seen.push(own)
      return {
        tools: [
          tool({
            name: 'look_up',
            inputSchema: z.object({ word: z.string() }),
            effect: 'read',
            execute: ({ word }) => {
              if (word === 'fault') throw new Error('the page is torn')
              return toolOutput({ content: `${word}: a word`, details: { word } })
            },
            view: {
              idPrefix: 'gl',
              begin: ({ id }) => ({
                item: { type: 'glossary_call', id, status: 'in_progress' } as unknown as OutputItem,
                events: [],
              }),
              end: ({ id, outcome, details }) => ({
                events: [],
                item: {
                  type: 'glossary_call',
                  id,
                  status: outcome === 'ok' ? 'completed' : 'failed',
                  word: (details as { word?: string } | undefined)?.word ?? null,
                } as unknown as OutputItem,
              }),
            },
          }),
        ],
        instructions: 'Look words up.',
        annotate: (text) =>
          text.includes('word') ? [{ type: 'glossary_entry', word: 'word' } as never] : [],
        close: () => {
          own.closed++
        },
      }
    },
    seen,
    ...options,
  }
}

const call = (id: string, word: string) => ({ callId: `call_${id}`, name: 'look_up', arguments: { word } })

describe('a built-in tool of an agent', () => {
  it('is opened for each run, offered as functions, shown as its own items, and closed', async () => {
    const own = glossary()
    const model = scripted([{ calls: [call('a', 'chant')] }, 'It is a word.'])
    const events: RunEvent[] = []
    const run = agent({ model, tools: [own], instructions: 'Be brief.' }).run('What is a chant?', {
      tenant: 'ada',
    })
    run.on('event', (event) => events.push(event))
    const result = await run.result()

    expect(own.seen).toEqual([{ tenant: 'ada', closed: 1 }])
    expect(model.requests[0]).toMatchObject({ instructions: 'Be brief.\n\nLook words up.' })
    expect(model.requests[0]?.tools).toEqual([expect.objectContaining({ type: 'function', name: 'look_up' })])
    expect(result.toolItems).toEqual([
      { type: 'glossary_call', id: 'gl_a', status: 'completed', word: 'chant' },
    ])
    expect(result.annotations).toEqual([{ type: 'glossary_entry', word: 'word' }])
    expect(result.items.map(({ type }) => type)).toEqual(['function_call', 'function_call_output', 'message'])
    expect(events.find(({ type }) => type === 'built_in.opened')).toEqual({
      type: 'built_in.opened',
      tool: 'glossary',
      runs: 'local',
      functions: ['look_up'],
      items: [],
    })
    expect(events.find(({ type }) => type === 'tool.started')).toMatchObject({
      item: { type: 'glossary_call', id: 'gl_a', status: 'in_progress' },
    })
    expect(events.find(({ type }) => type === 'tool.ended')).toMatchObject({
      items: [{ type: 'glossary_call', status: 'completed' }],
    })
  })

  it('shows a call that failed as a failed item, and the model is told why', async () => {
    const model = scripted([{ calls: [call('a', 'fault')] }, 'No.'])
    const result = await agent({ model, tools: [glossary()] })
      .run('?')
      .result()
    expect(result.toolItems).toEqual([{ type: 'glossary_call', id: 'gl_a', status: 'failed', word: null }])
    expect(JSON.stringify(result.items)).toContain('the page is torn')
  })

  it('is declared, and not opened, where the provider executes it', async () => {
    const own = glossary({ runs: 'auto' })
    const model = Object.assign(scripted(['Done.']), { capabilities: { hostedTools: ['glossary'] } })
    const events: RunEvent[] = []
    const run = agent({ model, tools: [own] }).run('?')
    run.on('event', (event) => events.push(event))
    await run.result()
    expect(own.seen).toEqual([])
    expect(model.requests[0]?.tools).toEqual([{ type: 'glossary' }])
    expect(events.find(({ type }) => type === 'built_in.opened')).toMatchObject({ runs: 'hosted' })
  })

  it('is run here when it says so, whatever the model offers', async () => {
    const own = glossary({ runs: 'local' })
    const model = Object.assign(scripted(['Done.']), { capabilities: { hostedTools: ['glossary'] } })
    await agent({ model, tools: [own] })
      .run('?')
      .result()
    expect(own.seen).toHaveLength(1)
  })

  it('counts in the limits as any other tool', async () => {
    const model = scripted([{ calls: [call('a', 'one'), call('b', 'two')] }, 'Done.'])
    const result = await agent({ model, tools: [glossary()], limits: { toolCalls: 1 } })
      .run('?')
      .result()
    expect(result.toolItems).toHaveLength(1)
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'toolCalls' })
  })

  it('fails the run, and closes the others, when it cannot be opened', async () => {
    const one = glossary()
    const two = glossary({
      name: 'broken',
      open: () => {
        throw new WireRefusal(400, 'No such dictionary.', { param: 'dictionary' })
      },
    })
    const model = scripted(['never'])
    await expect(
      agent({ model, tools: [one, two] })
        .run('?')
        .result(),
    ).rejects.toThrow('No such dictionary')
    expect(one.seen).toEqual([{ tenant: 'local', closed: 1 }])
    expect(model.requests).toEqual([])
  })

  it('does not share the name of a function with another tool', async () => {
    const other = tool({ name: 'look_up', execute: () => 'x' })
    const run = agent({ model: scripted(['never']), tools: [glossary(), other] }).run('?')
    await expect(run.result()).rejects.toMatchObject({ cause: { code: 'duplicate_tool' } })
  })

  it('shows its calls again when a kept run goes on after a failure, and runs none of them again', async () => {
    const own = glossary()
    const kept = { store: memoryRuns(), runId: 'run_1', tellAgain: true }
    const broken = agent({ model: scripted([{ calls: [call('a', 'chant')] }]), tools: [own] })
    await expect(broken.run('?', kept).result()).rejects.toThrow()
    const ended: RunEvent[] = []
    const run = agent({ model: scripted(['A word.']), tools: [own] }).run('?', kept)
    run.on('tool.ended', (event) => ended.push(event))
    const { toolItems } = await run.result()
    expect(toolItems).toMatchObject([{ type: 'glossary_call', id: 'gl_a', word: 'chant' }])
    expect(ended).toMatchObject([{ items: [{ type: 'glossary_call', id: 'gl_a' }] }])
  })

  it('is opened for the agent that is handed to, once', async () => {
    const own = glossary()
    const expert = agent({
      name: 'expert',
      model: scripted([{ calls: [call('b', 'chant')] }, 'Done.']),
      tools: [own],
    })
    const handOff = { name: 'transfer_to_expert', arguments: {} }
    const desk = agent({ name: 'desk', model: scripted([{ calls: [handOff] }]), handoffs: [expert] })
    const result = await desk.run('?').result()
    expect(result.agent).toBe('expert')
    expect(own.seen).toEqual([{ tenant: 'local', closed: 1 }])
    expect(result.toolItems).toHaveLength(1)
  })
})

describe('the history that an item carries', () => {
  const pair: InputItem[] = [
    { type: 'function_call', call_id: 'c', name: 'look_up', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: 'found' },
  ]
  const item = { type: 'glossary_call', id: 'gl_1', status: 'completed' } as unknown as InputItem

  it('is in no JSON of it until it is kept, and never in what is shown', () => {
    const carrying = withHistory(item, pair)
    expect(JSON.parse(JSON.stringify(carrying))).toEqual(item)
    const kept = JSON.parse(JSON.stringify(toKept(carrying)))
    expect(historyOf(kept)).toEqual(pair)
    expect(toShown(kept)).toEqual(item)
    expect(historyOf(toShown(carrying))).toBeUndefined()
  })

  it('stands in its place when it is replayed; other items stay the very objects', () => {
    const message = { type: 'message', role: 'user', content: 'hi' } as InputItem
    const items = [message, toKept(withHistory(item, pair))]
    expect(replayItems(items)).toEqual([message, ...pair])
    expect(replayItems(items)[0]).toBe(message)
    const plain = [message]
    expect(replayItems(plain)).toBe(plain)
  })

  it('is made up as text for an item that somebody else made, unless its tool knows better', async () => {
    const told = replayItems([item], [glossary()])
    expect(JSON.stringify(told)).toContain('glossary_call')
    expect(told[0]).toMatchObject({ type: 'message', role: 'assistant' })
    expect(replayItems([item], [glossary({ replay: () => pair })])).toEqual(pair)

    const model = scripted(['Done.'])
    await agent({ model, tools: [glossary({ replay: () => pair })] })
      .run([item, { type: 'message', role: 'user', content: 'And now?' }])
      .result()
    expect(model.requests[0]?.input).toMatchObject([...pair, { role: 'user' }])
  })
})
