import type { RunEvent, RunResult } from 'antiphon'
import fc from 'fast-check'
import { createColors } from 'picocolors'
import { describe, expect, it } from 'vitest'
import { jsonLine } from '../src/json-line.ts'
import { formatCall, formatMs, summaryLine } from '../src/terminal/format.ts'
import { neutralise, oneLine } from '../src/terminal/neutralise.ts'
import { createRenderer, type Renderer } from '../src/terminal/render.ts'

const event = (type: string, fields: object = {}): RunEvent => ({ type, ...fields }) as unknown as RunEvent
const delta = (text: string): RunEvent => event('response.output_text.delta', { delta: text })
const ended = (outcome: string, output: string, fields: object = {}): object => ({
  callId: 'c1',
  name: 'look',
  outcome,
  output: { type: 'function_call_output', call_id: 'c1', output },
  queuedMs: 0.42,
  durationMs: 12_345,
  ...fields,
})
const queued = event('tool.queued', { callId: 'c1', name: 'look', arguments: '{"path":"a","limit":null}' })
const started = event('tool.started', { callId: 'c1', name: 'look', attempt: 1, queuedMs: 0.42 })

const renderer = (): Renderer => createRenderer({ colors: createColors(false), width: 100 })
/** The answer, and the lines beside it. */
const show = (...events: RunEvent[]): { answer: string; lines: string[] } => {
  const { render } = renderer()
  const pieces = events.flatMap((one) => [...render(one)])
  return {
    answer: pieces.flatMap(({ kind, text }) => (kind === 'answer' ? text : [])).join(''),
    lines: pieces.flatMap(({ kind, text }) => (kind === 'line' ? text : [])),
  }
}

describe('the answer', () => {
  it('is the deltas, each message with a line break at its end', () => {
    const done = event('response.output_text.done', { text: 'ignored' })
    expect(show(event('turn.started'), delta('a'), delta('b'), done, delta('c\n'), done).answer).toBe(
      'ab\nc\n',
    )
  })

  it('keeps a character whole that was cut between two deltas', () => {
    const [high, low] = ['\ud83d', '\ude00']
    expect(show(delta(`x${high}`), delta(`${low}y`), event('run.ended')).answer).toBe('x\u{1f600}y\n')
    expect(show(delta(`x${high}`), event('run.ended')).answer).toBe('x\ufffd\n')
  })

  it('is taken from the response where a server sent no deltas', () => {
    const response = { output: [{ type: 'message', content: [{ type: 'output_text', text: 'whole' }] }] }
    expect(show(event('turn.started'), event('turn.ended', { response })).answer).toBe('whole\n')
    expect(show(event('turn.started'), delta('whole'), event('turn.ended', { response })).answer).toBe(
      'whole\n',
    )
  })

  it('holds refusals, and no text of a sub-agent', () => {
    const inner = event('agent.event', { callId: 'c1', agent: 'sub', event: delta('inner') })
    expect(show(event('response.refusal.delta', { delta: 'No.' }), inner, event('run.ended')).answer).toBe(
      'No.\n',
    )
  })
})

describe('calls', () => {
  it('are one line when they start and one when they end', () => {
    expect(show(queued, started, event('tool.ended', ended('ok', 'fine'))).lines).toEqual([
      '▸ 1 look(path: "a")',
      '✓ 1 look  waited 0.4 ms, ran 12.3 s  fine',
    ])
  })

  it('show the summary that a tool made for people', () => {
    const details = { summary: '3 files' }
    expect(show(event('tool.ended', ended('ok', 'x'.repeat(500), { details }))).lines).toEqual([
      '✓ 1 look  waited 0.4 ms, ran 12.3 s  3 files',
    ])
  })

  it('that never ran have no running time', () => {
    const text = 'Not executed: limit toolCalls reached.'
    expect(show(queued, event('tool.ended', ended('limit', text))).lines).toEqual([
      '✗ 1 look  limit: limit toolCalls reached.',
    ])
  })

  it('of a sub-agent are indented, named and numbered on, also with the ids of its parent', () => {
    const inner = (one: RunEvent): RunEvent =>
      event('agent.event', { callId: 'c1', agent: 'sub', event: one })
    expect(show(queued, started, inner(queued), inner(started)).lines).toEqual([
      '▸ 1 look(path: "a")',
      '  ▸ 2 sub › look(path: "a")',
    ])
  })

  it('that wait lose their arguments, for a person may change them', () => {
    const call = { kind: 'approval', callId: 'c1', name: 'look', arguments: '{"path":"a"}' }
    expect(show(queued, event('tool.pending', { call }), started).lines).toEqual([
      '? 1 look(path: "a")  waits for approval',
      '▸ 1 look',
    ])
  })

  it('are in the status while they run', () => {
    const { render, status } = renderer()
    render(event('turn.started'))
    expect(status()).toBe('thinking')
    render(started)
    render(event('tool.started', { callId: 'c2', name: 'look', attempt: 1, queuedMs: 0 }))
    expect(status()).toBe('look × 2 running')
    render(event('tool.ended', ended('ok', '')))
    expect(status()).toBe('look running')
  })
})

describe('control characters', () => {
  it('become visible, whatever they are and wherever they stand', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = neutralise(text)
        expect(clean).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069](?<![\n\t])/u)
        expect(neutralise(clean)).toBe(clean)
        expect(oneLine(text, 20)).not.toContain('\n')
        expect([...oneLine(text, 20)].length).toBeLessThanOrEqual(20)
      }),
    )
    expect(neutralise('a\u001b[31m\r\nb\u009b\u202e')).toBe('a␛[31m\nb\\u009b\\u202e')
  })

  it('leave text alone: letters of every script, emoji, tabs', () => {
    const text = 'ä ß 漢字 עברית 👩‍💻\t|\n'
    expect(neutralise(text)).toBe(text)
  })
})

describe('jsonLine', () => {
  it('is one line of JSON that says the same, for every value JSON knows', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const line = jsonLine({ type: 'x', value, text } as { type: string })
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u)
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ type: 'x', value, text })))
      }),
    )
  })

  it('never fails: a toJSON that throws, a getter that throws, a Map that holds itself', () => {
    const self = new Map<string, unknown>()
    self.set('self', self)
    const hostile = [
      {
        toJSON: () => {
          throw new Error('no')
        },
      },
      {
        get x(): never {
          throw new Error('no')
        },
      },
      self,
    ]
    for (const value of hostile)
      expect(JSON.parse(jsonLine({ type: 'x', value } as { type: string }))).toMatchObject({ type: 'x' })
    const twice = { a: 1n }
    expect(JSON.parse(jsonLine({ type: 'x', list: [twice, twice] } as { type: string }))).toEqual({
      type: 'x',
      list: [{ a: '1' }, { a: '1' }],
    })
  })
})

describe('format', () => {
  it.each([
    [0.04, '0.0 ms'],
    [9.96, '10 ms'],
    [412.3, '412 ms'],
    [4200, '4.2 s'],
    [185_000, '3 min 5 s'],
  ])('%d ms is %s', (ms, text) => expect(formatMs(ms)).toBe(text))

  it('shortens arguments, and shows those that are no JSON as they are', () => {
    expect(formatCall('f', '{"a":"x y","b":[1]}', 80)).toBe('f(a: "x y", b: [1])')
    expect(formatCall('f', '{"a":', 80)).toBe('f({"a":)')
    expect(formatCall('f', JSON.stringify({ text: 'y'.repeat(1e6) }), 40)).toHaveLength(40)
  })

  it('says the end of a run in one line', () => {
    const usage = { totalTokens: 1234, inputTokens: 1000, outputTokens: 234 }
    const stop = { reason: 'limit', limit: 'toolCalls', used: 8, max: 8 }
    const result = { stop, usage, costUsd: 0.0031, turns: 1, toolCalls: 8 }
    expect(summaryLine(result as unknown as RunResult<unknown>, 1234)).toBe(
      'stopped at the limit toolCalls (8 of 8) · 1 turn · 8 calls · 1,234 tokens (1,000 in, 234 out) · $0.0031 · 1.2 s',
    )
  })
})
