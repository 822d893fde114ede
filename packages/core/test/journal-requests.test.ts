import type { InputItem, ResponseRequest } from '@antiphon/client'
import { type LogRecord, requestsOf } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RequestRecorder } from '../src/journal/request-delta.ts'

const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const call = (id: string): InputItem => ({
  type: 'function_call',
  call_id: id,
  name: 'look',
  arguments: '{}',
})
const output = (id: string): InputItem => ({ type: 'function_call_output', call_id: id, output: id })

/** A log as a loop writes it, and the requests as they were. */
class Loop {
  readonly history: InputItem[] = []
  readonly recorder = new RequestRecorder(this.history)
  readonly records: LogRecord[] = []
  readonly requests: ResponseRequest[] = []
  readonly #scope: string
  #turn = 0

  constructor(input: InputItem[] = [user('go')], before: InputItem[] = [], scope = '') {
    this.#scope = scope
    const value = { version: 1, runId: 'r', agent: 'a', input }
    this.#add('run', 'run', value)
    this.recorder.rememberStart(value)
    if (before.length > 0) {
      this.#add('session', 'session', { id: 's', count: before.length, items: before })
      this.recorder.beginAfter(before)
    }
    this.history.push(...before, ...input)
  }

  turn(request: ResponseRequest, produced: InputItem[] = []): void {
    const about = this.recorder.describe(request, 'a')
    this.recorder.advance(request)
    const key = `t${this.#turn}/model`
    this.#add(key, 'model', { id: `resp_${this.#turn}`, output: produced }, about)
    this.requests.push(structuredClone(request))
    this.recorder.rememberOutput(key, produced)
    this.history.push(...produced)
    for (const item of produced)
      if (item.type === 'function_call') {
        const answered = output(item.call_id)
        const toolKey = `t${this.#turn}/tool/${item.call_id}`
        this.#add(toolKey, 'tool', { outcome: 'ok', output: answered })
        this.recorder.remember(answered, { $record: toolKey })
        this.history.push(answered)
      }
    this.#turn++
  }

  #add(key: string, kind: LogRecord['kind'], value: unknown, about?: unknown): void {
    const rest = about === undefined ? {} : { about }
    this.records.push({ seq: this.records.length + 1, key: this.#scope + key, kind, at: 0, ...rest, value })
  }
}

const read = (records: readonly LogRecord[]): ResponseRequest[] =>
  requestsOf(JSON.parse(JSON.stringify(records)) as LogRecord[]).map(({ request }) => request)

describe('requests in a log', () => {
  it('says only what is new, and by its place where the log has it', () => {
    const loop = new Loop([user('go')], [user('earlier')])
    const tools = [{ type: 'function' as const, name: 'look', parameters: {}, strict: true }]
    loop.turn({ input: loop.history, tools, instructions: 'Be brief.' }, [call('c1')])
    loop.turn({ input: loop.history, tools: structuredClone(tools), instructions: 'Be brief.' })
    loop.history.push(user('steered'))
    loop.turn({ input: loop.history, instructions: 'Be long.' })

    const abouts = loop.records.filter(({ kind }) => kind === 'model').map(({ about }) => about)
    expect(abouts).toEqual([
      {
        agent: 'a',
        set: { tools, instructions: 'Be brief.' },
        input: {
          keep: 1,
          add: [{ $record: 'run', $index: 0 }],
        },
      },
      {
        agent: 'a',
        input: { keep: 2, add: [{ $record: 't0/model', $index: 0 }, { $record: 't0/tool/c1' }] },
      },
      {
        agent: 'a',
        set: { instructions: 'Be long.' },
        unset: ['tools'],
        input: { keep: 4, add: [user('steered')] },
      },
    ])
    expect(read(loop.records)).toEqual(loop.requests)
  })

  it('keeps an input that is no list, and one that is missing, as they were', () => {
    const loop = new Loop()
    loop.turn({ input: 'as a text' })
    loop.turn({ input: 'another' })
    loop.turn({ input: loop.history })
    loop.turn({ prompt: { id: 'pmpt_1' } } as ResponseRequest)
    loop.turn({ input: [] })
    expect(read(loop.records)).toEqual(loop.requests)
  })

  it('takes an item that looks like a place for an item when it has a type', () => {
    const loop = new Loop()
    loop.turn({ input: [{ type: 'message', role: 'user', content: 'x', $record: 'run' } as never] })
    expect(read(loop.records)).toEqual(loop.requests)
  })

  it('keeps runs inside calls apart: places are keys of their own run', () => {
    const outer = new Loop([user('outer')])
    const inner = new Loop([user('inner')], [], 't0/tool/c1/')
    outer.turn({ input: outer.history, instructions: 'outer' }, [call('c1')])
    inner.turn({ input: inner.history, instructions: 'inner' }, [call('c2')])
    inner.turn({ input: inner.history, instructions: 'inner' })
    outer.turn({ input: outer.history, instructions: 'outer' })
    const [run, t0, tool, t1] = outer.records as [LogRecord, LogRecord, LogRecord, LogRecord]
    const calls = requestsOf([run, t0, ...inner.records, tool, t1])
    expect(calls.map(({ key }) => key)).toEqual([
      't0/model',
      't0/tool/c1/t0/model',
      't0/tool/c1/t1/model',
      't1/model',
    ])
    const [outer0, outer1] = outer.requests
    expect(calls.map(({ request }) => request)).toEqual([outer0, ...inner.requests, outer1])
  })

  it('tells where a log that names what it has not is damaged', () => {
    const loop = new Loop()
    loop.turn({ input: loop.history }, [call('c1')])
    loop.turn({ input: loop.history })
    const without = loop.records.filter(({ kind }) => kind !== 'tool')
    expect(() => requestsOf(without)).toThrow(
      expect.objectContaining({
        code: 'log_damaged',
        message: expect.stringMatching(/t1\/model.*t0\/tool\/c1/) as string,
      }),
    )
    expect(() => requestsOf(loop.records.slice(3))).toThrow(/keeps 1 items of a request that had 0/)
  })

  it('rebuilds every request of any run, whatever was steered, taken out, cut or swapped', () => {
    const step = fc.record({
      input: fc.constantFrom('history', 'tail', 'copy', 'edited', 'text'),
      steered: fc.boolean(),
      takenOut: fc.option(fc.nat(20), { nil: undefined }),
      again: fc.boolean(),
      calls: fc.nat(3),
      fields: fc.dictionary(fc.constantFrom('instructions', 'tools', 'metadata', 'text'), fc.jsonValue()),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), (steps, hasSession) => {
        const loop = new Loop([user('go'), user('on')], hasSession ? [user('before')] : [])
        steps.forEach(({ input, steered, takenOut, again, calls, fields }, n) => {
          if (steered) loop.history.push(user(`steered ${n}`))
          const { history } = loop
          if (takenOut !== undefined && takenOut < history.length) {
            const [out] = history.splice(takenOut, 1)
            if (again && out !== undefined) history.push(out)
          }
          const inputs = {
            history,
            tail: history.slice(1),
            copy: [...history],
            edited: history.map((item, index) => (index === 0 ? user(`edited ${n}`) : item)),
            text: 'a text',
          }
          const produced = Array.from({ length: calls }, (_, k) => call(`c${n}_${k}`))
          loop.turn({ ...fields, input: inputs[input] } as ResponseRequest, produced)
        })
        // As JSON says them: a negative zero is a zero.
        expect(read(loop.records)).toEqual(JSON.parse(JSON.stringify(loop.requests)))
      }),
      { numRuns: 500 },
    )
  })
})
