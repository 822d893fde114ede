import { AntiphonError, ApiError, type InputItem } from '@antiphon/client'
import { agent, type CompactOptions, compact, type Model, responses, tool, validateItems } from 'antiphon'
import { fakeUpstream, type ScriptStep, scripted, text } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callModel, testContext } from './call-model.ts'
import { brokenReasoning, randomHistory } from './random-history.ts'

const look = tool({
  name: 'look',
  effect: 'read',
  execute: () => 'a rather long output of a tool that looked at something',
})
const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const looks = (inputTokens: number): ScriptStep => ({
  calls: [{ name: 'look' }],
  usage: { input_tokens: inputTokens, output_tokens: 10 },
})
const done = (value: string, inputTokens = 1): ScriptStep =>
  text(value, { usage: { input_tokens: inputTokens, output_tokens: 10 } })
const firstText = (input: unknown): string => (input as { content: string }[])[0]?.content ?? ''
const typesIn = (input: unknown): string[] => (input as InputItem[]).map(({ type }) => type ?? 'message')

const run = (model: Model, options: Partial<CompactOptions> = {}, more: object = {}) =>
  agent({
    model,
    tools: [look],
    instructions: 'Look around.',
    use: [compact({ whenTokens: 100, keepTurns: 1, ...options })],
    ...more,
  }).run('The task')

describe('compact by a summary', () => {
  it('sends a summary and the newest turns once a response passed the threshold, and keeps the history whole', async () => {
    const model = scripted([looks(10), looks(50), looks(100), done('The notes'), looks(20), done('Done')])
    const result = await run(model).result()
    expect(result.text).toBe('Done')
    const [summary, next, last] = model.requests.slice(3)
    // A plain request: no tools, nothing of the agent's, the older part as text.
    expect(Object.keys(summary ?? {}).sort()).toEqual(['input', 'instructions'])
    expect(summary?.instructions).not.toBe('Look around.')
    const asked = firstText(summary?.input)
    expect(asked).toContain('user: The task')
    expect(asked).toContain('call of look: {}')
    expect(asked).toContain('output: a rather long output')
    // What stands for the older part, and the newest turn as it is.
    expect(typesIn(next?.input)).toEqual(['message', 'function_call', 'function_call_output'])
    expect(firstText(next?.input)).toContain('The notes')
    expect(next?.instructions).toBe('Look around.')
    expect(typesIn(last?.input)).toEqual([...typesIn(next?.input), 'function_call', 'function_call_output'])
    expect(typesIn(result.history)).toHaveLength(1 + 8 + 1)
    expect(result.history[0]).toEqual(user('The task'))
    expect(result.warnings.map(({ message }) => message)).toEqual([
      'compact: 5 older items are sent as 1 from now on.',
    ])
  })

  it('counts what the summary costs in usage and limits', async () => {
    const model = scripted([looks(100), looks(100), done('The notes', 1000), looks(1), done('Done')])
    const prices = { scripted: { input: 1_000_000, output: 0 } }
    const result = await run(model, {}, { prices }).result()
    expect(result.usage).toMatchObject({ inputTokens: 100 + 100 + 1000 + 1 + 1, requests: 5 })
    expect(result.costUsd).toBe(1202)
    const bounded = await run(
      scripted([looks(100), looks(100), done('The notes', 1000), looks(1), done('Answer')]),
      {},
      { limits: { totalTokens: 900 } },
    ).result()
    expect(bounded.stop).toMatchObject({ reason: 'limit', limit: 'totalTokens' })
  })

  it('compacts again when it has grown again, the earlier summary included', async () => {
    const model = scripted([
      looks(100),
      looks(100),
      done('First notes'),
      looks(10),
      looks(100),
      done('Second notes'),
      done('Done'),
    ])
    const result = await run(model).result()
    expect(result.text).toBe('Done')
    const second = firstText(model.requests[5]?.input)
    expect(second).toContain('First notes')
    expect(second).not.toContain('The task')
    expect(JSON.stringify(model.requests[6]?.input)).not.toContain('First notes')
  })

  it('asks another model for the summary, in words of yours', async () => {
    const writer = scripted([done('The notes', 7)], { modelName: 'writer' })
    const model = scripted([looks(100), looks(100), done('Done')])
    const prices = { writer: { input: 1_000_000, output: 0 }, scripted: { input: 0, output: 0 } }
    const result = await run(
      model,
      { model: writer, instructions: 'Be short.' },
      { prices, settings: { model: 'agent-model', store: false, temperature: 1 } },
    ).result()
    expect(result.costUsd).toBe(7)
    expect(writer.requests).toEqual([
      { instructions: 'Be short.', store: false, input: [expect.objectContaining({ role: 'user' })] },
    ])
  })

  it('goes on with the whole history when the summary fails, and gives up after three failures', async () => {
    const writer = scripted([
      { error: new ApiError('server_error', 'Down.', { status: 500, retryable: true }) },
      text(' '),
      text('Half of the', { incomplete: 'max_output_tokens' }),
    ])
    const model = scripted([...Array.from({ length: 8 }, () => looks(100)), done('Done')])
    const result = await run(model, { model: writer }).result()
    expect(result.text).toBe('Done')
    expect(writer.requests).toHaveLength(3)
    expect(result.warnings.map(({ message }) => message)).toEqual(
      Array(3).fill(expect.stringMatching(/^compact: the history could not be compacted\./)),
    )
    expect(model.requests.at(-1)?.input).toHaveLength(1 + 16)
  })

  it('stops with the run while the summary is written', async () => {
    const writer = scripted([() => new Promise<never>(() => undefined)])
    const model = scripted([looks(100), looks(100), done('Not reached')])
    const going = run(model, { model: writer })
    const timer = setInterval(() => writer.requests.length > 0 && going.cancel('enough'), 1)
    const { stop, warnings } = await going.result()
    clearInterval(timer)
    expect(stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(warnings).toEqual([])
    expect(model.requests).toHaveLength(2)
  })

  it('shows nothing of the summary in the events of the run', async () => {
    const going = run(scripted([looks(100), looks(100), done('The notes'), done('Done')]))
    const shown: unknown[] = []
    going.on('event', (event) => event.type !== 'warning' && shown.push(event))
    await going.result()
    expect(JSON.stringify(shown)).not.toContain('The notes')
  })

  it('does not compact what would gain nothing', async () => {
    // The one message before the newest turn is a few tokens, the threshold a hundred thousand.
    const model = scripted([looks(100_000), looks(100_000), done('Done')])
    await run(model, { whenTokens: 100_000 }).result()
    expect(model.requests).toHaveLength(3)
  })

  it('estimates where the server does not count', async () => {
    const silent = { calls: [{ name: 'look' }], usage: null } satisfies ScriptStep
    const model = scripted([silent, silent, silent, text('The notes'), text('Done')])
    const result = await run(model, { whenTokens: 50 }).result()
    expect(result.text).toBe('Done')
    expect(model.requests).toHaveLength(5)
  })

  it('keeps each run to itself', async () => {
    const model = scripted([looks(100), looks(100), done('Notes'), done('Done'), done('Fresh')])
    const assistant = agent({ model, tools: [look], use: [compact({ whenTokens: 100, keepTurns: 1 })] })
    await assistant.run('One').result()
    await assistant.run('Two').result()
    expect(model.requests[4]?.input).toEqual([user('Two')])
  })

  it('leaves alone what continues a history that the server keeps', async () => {
    const model = scripted([looks(500), looks(500), looks(500), done('Done', 500)])
    const result = await run(model, {}, { state: 'server' }).result()
    expect(result.text).toBe('Done')
    expect(model.requests.slice(1).map(({ input }) => typesIn(input))).toEqual(
      Array(3).fill(['function_call_output']),
    )
  })

  it('never sends what a server would refuse, whatever the history', async () => {
    await fc.assert(
      fc.asyncProperty(randomHistory(12), fc.integer({ min: 1, max: 4 }), async (history, keepTurns) => {
        const ends = history.flatMap((_, index) =>
          validateItems(history.slice(0, index + 1)).length === 0 && history[index]?.type !== 'reasoning'
            ? [index + 1]
            : [],
        )
        const model = scripted(
          Array.from({ length: ends.length }, () => done('ok', 100)),
          { record: 'items' },
        )
        const writer = scripted(Array.from({ length: ends.length }, () => done('Notes')))
        const compacting = compact({ whenTokens: 1, keepTurns, model: writer }).model?.(model) as Model
        const context = testContext()
        for (const end of ends) await callModel(compacting, { input: history.slice(0, end) }, context)
        model.requests.forEach(({ input }, index) => {
          const items = input as InputItem[]
          const given = history.slice(0, ends[index])
          expect(validateItems(items)).toEqual([])
          expect(brokenReasoning(items, given)).toEqual([])
          expect(items.at(-1)).toBe(given.at(-1))
        })
      }),
      { numRuns: 100 },
    )
  })
})

describe('compact by the endpoint', () => {
  const looksAnswer = { calls: [{ name: 'look' }], usage: { input_tokens: 100, output_tokens: 10 } }
  const at = (url: string): Model => responses('m', { baseURL: url, apiKey: 'k', retries: 0 })

  it('sends what POST /responses/compact returned in the place of the older part', async () => {
    await using upstream = await fakeUpstream({
      answers: [looksAnswer, looksAnswer, looksAnswer, { text: 'Done' }],
    })
    const result = await run(at(upstream.url)).result()
    expect(result.text).toBe('Done')
    const paths = upstream.requests.map(({ path }) => path.replace('/v1', ''))
    expect(paths).toEqual([
      '/responses',
      '/responses',
      '/responses/compact',
      '/responses',
      '/responses/compact',
      '/responses',
    ])
    const asked = upstream.requests[2]?.body
    expect(asked).toMatchObject({ model: 'm', instructions: 'Look around.' })
    expect(typesIn(asked?.input)).toEqual(['message', 'function_call', 'function_call_output'])
    expect(typesIn(upstream.requests[3]?.body.input)).toEqual([
      'compaction',
      'function_call',
      'function_call_output',
    ])
    // The second compaction includes the first.
    expect(typesIn(upstream.requests[4]?.body.input)).toEqual([
      'compaction',
      'function_call',
      'function_call_output',
    ])
    // The endpoint's own count of both is in the usage.
    expect(result.usage).toMatchObject({ requests: 6, inputTokens: 3 * 100 + 100 + 2 * 100 })
  })

  it.each([404, 405, 501])(
    'turns to summaries at an endpoint that answers %d, and does not ask it again',
    async (status) => {
      await using upstream = await fakeUpstream({
        answers: [
          looksAnswer,
          looksAnswer,
          { text: 'First notes' },
          looksAnswer,
          { text: 'Second notes' },
          { text: 'Done' },
        ],
        faults: ({ path }) =>
          path.endsWith('/compact') ? { status, body: { error: { message: 'No such route.' } } } : undefined,
      })
      const result = await run(at(upstream.url)).result()
      expect(result.text).toBe('Done')
      expect(upstream.requests.filter(({ path }) => path.endsWith('/compact'))).toHaveLength(1)
      expect(JSON.stringify(upstream.requests.at(-1)?.body.input)).toContain('Second notes')
    },
  )

  it('goes on with the whole history when the endpoint fails', async () => {
    await using upstream = await fakeUpstream({
      answers: [looksAnswer, looksAnswer, { text: 'Done' }],
      faults: ({ path }) => (path.endsWith('/compact') ? { status: 500 } : undefined),
    })
    const result = await run(at(upstream.url)).result()
    expect(result.text).toBe('Done')
    expect(upstream.requests.at(-1)?.body.input).toHaveLength(5)
    expect(result.warnings).toHaveLength(1)
  })

  it('stops with the run while the endpoint compacts', async () => {
    await using upstream = await fakeUpstream({
      answers: [looksAnswer, looksAnswer],
      faults: ({ path }) => (path.endsWith('/compact') ? { never: true } : undefined),
    })
    const going = run(at(upstream.url))
    await upstream.waitForRequests(3)
    going.cancel('enough')
    expect((await going.result()).stop).toEqual({ reason: 'cancelled', message: 'enough' })
  })

  it('writes the older part as the history is written: without ids when nothing is stored', async () => {
    await using upstream = await fakeUpstream({ answers: [looksAnswer, looksAnswer, { text: 'Done' }] })
    await run(at(upstream.url), {}, { settings: { store: false } }).result()
    const asked = upstream.requests[2]?.body.input as object[]
    expect(asked[1]).toMatchObject({ type: 'function_call', call_id: 'call_1' })
    for (const item of asked) expect(item).not.toHaveProperty('id')
  })

  it('writes summaries where it is told so', async () => {
    await using upstream = await fakeUpstream({
      answers: [looksAnswer, looksAnswer, { text: 'Notes' }, { text: 'Done' }],
    })
    await run(at(upstream.url), { by: 'summary' }).result()
    expect(upstream.requests.map(({ path }) => path)).toEqual(Array(4).fill('/v1/responses'))
  })

  it('compacts by the endpoint alone where it is told so', async () => {
    const endpoint = Object.assign(scripted([looks(100), looks(100), done('Done')]), {
      compact: async () => {
        throw new AntiphonError('not_found', 'No such route.')
      },
    })
    const result = await run(endpoint, { by: 'endpoint' }).result()
    expect(result.text).toBe('Done')
    expect(result.warnings).toHaveLength(1)
    expect(() => run(scripted([]), { by: 'endpoint' })).toThrow(/no compaction of its own/)
  })

  it('does not ask for a summary of what only an endpoint can read', async () => {
    let asked = 0
    const model = Object.assign(scripted([looks(100), looks(100), looks(100), done('Done')]), {
      compact: async () => {
        if (asked++ > 0) throw new AntiphonError('not_found', 'Gone since.')
        return [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'sealed' }]
      },
    })
    const result = await run(model).result()
    expect(result.text).toBe('Done')
    expect(model.requests).toHaveLength(4)
    expect(typesIn(model.requests[3]?.input)[0]).toBe('compaction')
    expect(result.warnings.at(-1)?.message).toContain('only the endpoint')
  })

  it('does not take nothing for a history', async () => {
    const empty = Object.assign(scripted([looks(100), looks(100), done('Done')]), { compact: async () => [] })
    await run(empty).result()
    expect(empty.requests.at(-1)?.input).toHaveLength(5)
  })
})

it.each([{ whenTokens: 0 }, { whenTokens: Number.NaN }, { whenTokens: 1, keepTurns: 0 }])(
  'compact refuses %j where it is written',
  (options) => {
    expect(() => compact(options)).toThrow(/Expected `\w+` of compact\(\) to be at least 1/)
  },
)
