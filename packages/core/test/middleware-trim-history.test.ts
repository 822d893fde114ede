import { finalText, type InputItem, type ResponseRequest } from '@antiphon/client'
import {
  agent,
  type Model,
  responses,
  type TrimHistoryOptions,
  tool,
  trimHistory,
  validateItems,
} from 'antiphon'
import { call, calls, fakeUpstream, reasoningItem, scripted, text } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callModel, testContext } from './call-model.ts'
import { brokenReasoning, randomHistory } from './random-history.ts'

const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const said = (content: string): InputItem => ({ type: 'message', role: 'assistant', content })

/** What a model gets of growing inputs, over the calls of one run. */
const sentOver = async (
  inputs: readonly (readonly InputItem[])[],
  options: TrimHistoryOptions,
): Promise<readonly InputItem[][]> => {
  const sent: InputItem[][] = []
  const model: Model = async ({ input }, sink, context) => {
    sent.push([...(input as readonly InputItem[])])
    await scripted([text('ok')])({ input: 'x' }, sink, context)
  }
  const trimming = trimHistory(options).model?.(model) as Model
  const context = testContext()
  for (const input of inputs) await callModel(trimming, { input }, context)
  return sent
}
const sentOf = async (input: readonly InputItem[], options: TrimHistoryOptions): Promise<InputItem[]> =>
  (await sentOver([input], options))[0] as InputItem[]

describe('trimHistory', () => {
  it('sends the newest turns and the first message, and keeps the history whole', async () => {
    const model = scripted([...Array.from({ length: 6 }, () => calls(call('look'))), text('Done')])
    const result = await agent({ model, tools: [look], use: [trimHistory({ keepTurns: 2, cutTo: 1 })] })
      .run('The task')
      .result()
    expect(result.history).toHaveLength(1 + 12 + 1)
    const last = model.requests.at(-1)?.input as InputItem[]
    expect(last.map(({ type }) => type)).toEqual([
      'message',
      'function_call',
      'function_call_output',
      'function_call',
      'function_call_output',
    ])
    expect(last[0]).toEqual(user('The task'))
    expect(last.slice(1)).toEqual(result.history.slice(9, 13))
  })

  it('sends the very request while nothing is over a bound', async () => {
    let sent: ResponseRequest | undefined
    const model: Model = async (request, sink, context) => {
      sent = request
      await scripted([text('ok')])(request, sink, context)
    }
    const request = { input: [user('a'), said('b'), user('c')] }
    await callModel(trimHistory({ keepItems: 3 }).model?.(model) as Model, request)
    expect(sent).toBe(request)
  })

  it('leaves the first messages out when it is told so', async () => {
    const history = [user('a'), said('b'), user('c'), said('d'), user('e')]
    expect(await sentOf(history, { keepTurns: 1, keepFirst: false })).toEqual([user('e')])
    expect(await sentOf(history, { keepTurns: 1 })).toEqual([user('a'), user('e')])
  })

  it('counts tokens by the text, and a picture as a picture', async () => {
    const long = 'x'.repeat(400)
    const history = [user('first'), said(long), user('b'), said(long), user('c'), said('d'), user('e')]
    expect(await sentOf(history, { maxTokensEstimate: 60, cutTo: 1 })).toEqual([
      user('first'),
      user('c'),
      said('d'),
      user('e'),
    ])
    const picture = {
      type: 'message',
      role: 'user',
      content: [{ type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(400_000)}` }],
    } as InputItem
    expect(
      await sentOf([user('first'), said('b'), picture, said('c'), user('d')], { maxTokensEstimate: 2_000 }),
    ).toHaveLength(5)
  })

  it('always sends the newest turn, also when it alone is over every bound', async () => {
    const many = Array.from({ length: 30 }, (_, n) => `call_${n}`)
    const last: InputItem[] = [
      ...many.map(
        (call_id) => ({ type: 'function_call', call_id, name: 'look', arguments: '{}' }) as InputItem,
      ),
      ...many.map((call_id) => ({ type: 'function_call_output', call_id, output: 'seen' }) as InputItem),
    ]
    const first: InputItem[] = [user('a'), ...last.slice(0, 1), { ...last[30] } as InputItem]
    expect(await sentOf([...first, ...last], { keepItems: 2, maxTokensEstimate: 1 })).toEqual([
      user('a'),
      ...last,
    ])
  })

  it('cuts rarely, so that what is sent begins the same for many turns', async () => {
    const history: InputItem[] = [user('task')]
    const inputs = Array.from({ length: 200 }, (_, n) => {
      history.push(said(`a${n}`), user(`q${n}`))
      return [...history]
    })
    const sent = await sentOver(inputs, { keepItems: 40 })
    const beginnings = new Set(sent.map(([, second]) => second))
    expect(Math.max(...sent.map(({ length }) => length))).toBeLessThanOrEqual(41)
    expect(Math.min(...sent.slice(50).map(({ length }) => length))).toBeGreaterThanOrEqual(30)
    // A cut leaves room for ten items, which are five turns.
    expect(beginnings.size).toBeLessThan(50)
  })

  it('never sends what a server would refuse, whatever the history and the bounds', async () => {
    const bounds = fc
      .record(
        {
          keepItems: fc.integer({ min: 1, max: 20 }),
          keepTurns: fc.integer({ min: 1, max: 8 }),
          maxTokensEstimate: fc.integer({ min: 1, max: 200 }),
        },
        { requiredKeys: [] },
      )
      .filter((given) => Object.keys(given).length > 0)
    const rest = fc.record({ keepFirst: fc.boolean(), cutTo: fc.constantFrom(0.25, 0.75, 1) })
    await fc.assert(
      fc.asyncProperty(randomHistory(12), bounds, rest, async (history, given, more) => {
        const ends = history.flatMap((_, index) =>
          validateItems(history.slice(0, index + 1)).length === 0 && history[index]?.type !== 'reasoning'
            ? [index + 1]
            : [],
        )
        const inputs = ends.map((end) => history.slice(0, end))
        const sent = await sentOver(inputs, { ...given, ...more })
        sent.forEach((items, index) => {
          const input = inputs[index] as InputItem[]
          expect(validateItems(items)).toEqual([])
          expect(brokenReasoning(items, input)).toEqual([])
          expect(items.at(-1)).toBe(input.at(-1))
          // In order, and nothing twice.
          expect(items).toEqual(input.filter((item) => items.includes(item)))
          if (more.keepFirst) expect(items[0]).toBe(input[0])
        })
      }),
      { numRuns: 200 },
    )
  })

  it('begins anew when the history it gets is another one', async () => {
    const one = [user('a'), said('b'), user('c'), said('d'), user('e')]
    const other = [user('v'), said('w'), user('x'), said('y'), user('z')]
    const sent = await sentOver([one, other, other.slice(0, 3)], { keepTurns: 2, cutTo: 1 })
    expect(sent[1]).toEqual([user('v'), user('x'), said('y'), user('z')])
    expect(sent[2]).toEqual(other.slice(0, 3))
  })

  it('leaves alone what continues a history that the server keeps', async () => {
    const model = scripted([...Array.from({ length: 4 }, () => calls(call('look'))), text('Done')])
    const result = await agent({
      model,
      tools: [look],
      state: 'server',
      use: [trimHistory({ keepItems: 1 })],
    })
      .run('Hi')
      .result()
    expect(result.text).toBe('Done')
    expect(model.requests.slice(1).map(({ input }) => (input as InputItem[])[0]?.type)).toEqual(
      Array(4).fill('function_call_output'),
    )
    const text_ = await callModel(trimHistory({ keepItems: 1 }).model?.(scripted([text('ok')])) as Model, {
      input: 'just text',
    })
    expect(finalText(text_.response)).toBe('ok')
  })

  it('writes what it sends as the history is written: no ids, no unreadable reasoning when nothing is stored', async () => {
    const turn = (n: number) => ({
      items: [
        reasoningItem({ id: `rs_${n}` }),
        {
          type: 'function_call',
          id: `fc_${n}`,
          call_id: `c${n}`,
          name: 'look',
          arguments: '{}',
          status: 'completed',
        } as const,
      ],
    })
    await using upstream = await fakeUpstream({ answers: [turn(1), turn(2), turn(3), 'Done'] })
    const model = responses('m', { baseURL: upstream.url, apiKey: 'k' })
    await agent({ model, tools: [look], settings: { store: false }, use: [trimHistory({ keepTurns: 1 })] })
      .run('Hi')
      .result()
    const input = upstream.requests[3]?.body.input as InputItem[]
    expect(input.map(({ type }) => type)).toEqual([
      'message',
      'reasoning',
      'function_call',
      'function_call_output',
    ])
    for (const item of input) expect(item).not.toHaveProperty('id')
  })

  it.each([{}, { keepItems: 0 }, { keepTurns: -1 }, { keepItems: 3, cutTo: 0 }, { keepItems: 3, cutTo: 2 }])(
    'refuses %j where it is written',
    (options) => {
      expect(() => trimHistory(options)).toThrow(/Expected .* of trimHistory\(\)|Expected trimHistory\(\)/)
    },
  )
})
