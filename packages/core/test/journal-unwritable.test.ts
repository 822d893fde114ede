// What tools give for people may be no JSON: it is for those who are there, and neither ends a run nor silences it.
import { agent, memoryRuns, type RunEvent, tool, toolOutput } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { jsonStore } from './json-store.ts'

const circle: Record<string, unknown> = {}
circle.self = circle

const unwritable: [string, unknown][] = [
  ['a cycle', circle],
  ['a bigint', { large: 1n }],
  [
    'more text than a string can hold',
    {
      toJSON: () => {
        throw new RangeError('Invalid string length')
      },
    },
  ],
]

const eventsOf = async (store: ReturnType<typeof memoryRuns>): Promise<RunEvent[]> => {
  const events: RunEvent[] = []
  for await (const { event } of store.follow('r')) events.push(event)
  return events
}

describe('a kept run whose tool tells people what is no JSON', () => {
  for (const [name, value] of unwritable) {
    it(`goes on, and so do its events: ${name} as details`, async () => {
      const store = jsonStore(memoryRuns())
      const show = tool({
        name: 'show',
        inputSchema: z.object({}),
        execute: () => toolOutput({ content: 'shown', details: value }),
      })
      const model = scripted([calls(call('show', {}, 'call_1')), text('Done.')])
      const result = await agent({ model, tools: [show] })
        .run('Go', { store, runId: 'r' })
        .result()
      expect(result.text).toBe('Done.')
      expect(result.stop).toEqual({ reason: 'done' })
      const events = await eventsOf(store)
      expect(events.at(-1)?.type).toBe('run.ended')
      expect(events.find((event) => event.type === 'tool.ended')).toMatchObject({
        callId: 'call_1',
        outcome: 'ok',
        output: { output: 'shown' },
      })
      expect(events.filter((event) => event.type === 'turn.ended')).toHaveLength(2)
    })
    it(`goes on, and so do its events: ${name} as progress`, async () => {
      const store = jsonStore(memoryRuns())
      const show = tool({
        name: 'show',
        inputSchema: z.object({}),
        execute: (_input, context) => {
          context.progress('begun')
          context.progress(value)
          return 'shown'
        },
      })
      const model = scripted([calls(call('show', {}, 'call_1')), text('Done.')])
      const result = await agent({ model, tools: [show] })
        .run('Go', { store, runId: 'r' })
        .result()
      expect(result.text).toBe('Done.')
      const events = await eventsOf(store)
      expect(events.find((event) => event.type === 'tool.progress')).toMatchObject({ progress: 'begun' })
      expect(events.filter((event) => event.type === 'tool.progress')).toHaveLength(2)
      expect(events.filter((event) => event.type === 'turn.ended')).toHaveLength(2)
    })
  }
})
