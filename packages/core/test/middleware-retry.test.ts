import { AntiphonError, ApiError, finalText, type ResponseEvent } from '@antiphon/client'
import { agent, type Model, responses, retry } from 'antiphon'
import { collect, fakeUpstream, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { callModel, testContext, typesOf } from './call-model.ts'

const busy = (retryAfterMs?: number): ApiError =>
  new ApiError('rate_limited', 'Too much at once.', { status: 429, retryable: true, retryAfterMs })
const refused = new ApiError('bad_request', 'No such parameter.', { status: 400 })

const started = (id: string): ResponseEvent[] => {
  const response = { id, object: 'response', created_at: 1, status: 'in_progress', model: 'm', output: [] }
  return [
    { type: 'response.created', sequence_number: 0, response },
    { type: 'keepalive', sequence_number: 1 },
    { type: 'response.in_progress', sequence_number: 2, response },
  ] as ResponseEvent[]
}
const failure = (error: object): ResponseEvent =>
  ({ type: 'error', sequence_number: 3, ...error }) as ResponseEvent

describe('retry', () => {
  it('makes a call again that failed before its answer began, and tells of it', async () => {
    const model = scripted([{ error: busy() }, { error: busy() }, text('At last')])
    const run = agent({ model, use: [retry({ baseMs: 1 })] }).run('Hi')
    const events = await collect(run)
    const result = await run.result()
    expect(result.text).toBe('At last')
    expect(result.turns).toBe(1)
    expect(model.requests).toHaveLength(3)
    expect(model.requests[2]).toEqual(model.requests[0])
    expect(result.warnings.map(({ code }) => code)).toEqual(['middleware', 'middleware'])
    expect(result.warnings[0]?.message).toMatch(/attempt 1 of 3 failed.*Too much at once/)
    expect(typesOf(events).filter((type) => type === 'response.created')).toHaveLength(1)
  })

  it('fails with the last error once its attempts are used up', async () => {
    const model = scripted([{ error: busy() }, { error: busy() }, text('Too late')])
    const call = callModel(retry(model, { attempts: 2, baseMs: 1 }))
    await expect(call).rejects.toMatchObject({ code: 'rate_limited' })
    expect(model.requests).toHaveLength(2)
  })

  it('does not make a call again that was refused, unless told so', async () => {
    const model = scripted([{ error: refused }, text('Not reached')])
    await expect(callModel(retry(model, { baseMs: 1 }))).rejects.toBe(refused)
    const seen: [unknown, number][] = []
    const stubborn = retry(scripted([{ error: refused }, text('Reached')]), {
      baseMs: 1,
      when: (error, attempt) => seen.push([error, attempt]) > 0,
    })
    expect(finalText((await callModel(stubborn)).response)).toBe('Reached')
    expect(seen).toEqual([[refused, 1]])
  })

  it.each([
    ['a flat error event', failure({ code: 'server_error', message: 'Broken.' })],
    ['a nested error event', failure({ error: { type: 'overloaded_error', message: 'Overloaded.' } })],
    [
      'a failed response',
      { type: 'response.failed', response: failedResponse() } as unknown as ResponseEvent,
    ],
    [
      'a failed response that calls itself completed',
      { type: 'response.completed', response: failedResponse() } as unknown as ResponseEvent,
    ],
  ])('sees %s inside a stream as the failure it is', async (_name, event) => {
    const model = scripted([{ events: [...started('resp_a'), event] }, text('Whole')])
    const { events, response } = await callModel(retry(model, { baseMs: 1 }))
    expect(finalText(response)).toBe('Whole')
    expect(JSON.stringify(events)).not.toContain('resp_a')
  })

  it('sees a stream without an end as a failure, not as an empty answer', async () => {
    const model = scripted([{ events: started('resp_a') }, text('Whole')])
    expect(finalText((await callModel(retry(model, { baseMs: 1 }))).response)).toBe('Whole')
  })

  it('does not repeat what a refusal inside the stream refused', async () => {
    const events = [...started('resp_a'), failure({ code: 'invalid_prompt', message: 'No.' })]
    const model = scripted([{ events }, text('Not reached')])
    const seen: ResponseEvent[] = []
    await retry(model, { baseMs: 1 })({ input: 'Hi' }, (event) => seen.push(event), testContext())
    // What was held back is handed on as it came, for the caller to judge.
    expect(seen).toEqual(events)
    expect(model.requests).toHaveLength(1)
  })

  it('never repeats an answer of which anything was handed on', async () => {
    const model = scripted([{ text: 'One two', error: busy() }, text('Again')])
    const run = agent({ model, use: [retry({ baseMs: 1 })] }).run('Hi')
    let shown = ''
    run.on('response.output_text.delta', ({ delta }) => {
      shown += delta
    })
    await expect(run.result()).rejects.toMatchObject({ code: 'rate_limited' })
    expect(shown).toBe('One two')
    expect(model.requests).toHaveLength(1)
  })

  it('drops what a failed call still pushes', async () => {
    let late: (() => void) | undefined
    let calls = 0
    const model: Model = async (request, sink, context) => {
      if (calls++ > 0) {
        late?.()
        return scripted([text('Clean')])(request, sink, context)
      }
      late = () => sink({ type: 'response.output_text.delta', delta: 'ghost' } as unknown as ResponseEvent)
      throw busy()
    }
    const { events } = await callModel(retry(model, { baseMs: 1 }))
    expect(JSON.stringify(events)).not.toContain('ghost')
  })

  it('counts what a failed response has cost', async () => {
    const model = scripted([
      { failed: { code: 'server_error', message: 'Broken.' }, usage: { input_tokens: 7, output_tokens: 0 } },
      text('Whole', { usage: { input_tokens: 10, output_tokens: 1 } }),
    ])
    const result = await agent({ model, use: [retry({ baseMs: 1 })] })
      .run('Hi')
      .result()
    expect(result.usage).toMatchObject({ inputTokens: 17, requests: 2 })
  })

  it('waits as long as the server asks, and does not wait for more than a minute', async () => {
    const obeying = retry(scripted([{ error: busy(1) }, text('Soon')]), { baseMs: 600_000, maxMs: 600_000 })
    expect(finalText((await callModel(obeying)).response)).toBe('Soon')
    const model = scripted([{ error: busy(61_000) }, text('Not reached')])
    await expect(callModel(retry(model, { baseMs: 1 }))).rejects.toMatchObject({ code: 'rate_limited' })
  })

  it('stops waiting when the run is cancelled', async () => {
    const model = scripted([{ error: busy() }, text('Not reached')])
    const run = agent({ model, use: [retry({ baseMs: 600_000, maxMs: 600_000 })] }).run('Hi')
    run.on('warning', () => run.cancel('enough'))
    const { stop } = await run.result()
    expect(stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(model.requests).toHaveLength(1)
  })

  it('does not repeat a call that was stopped', async () => {
    const context = testContext()
    const model = scripted([() => new Promise<never>(() => undefined), text('Not reached')])
    const call = callModel(retry(model, { baseMs: 1 }), { input: 'Hi' }, context)
    context.stop(new AntiphonError('aborted', 'enough'))
    await expect(call).rejects.toMatchObject({ code: 'aborted' })
    expect(model.requests).toHaveLength(1)
  })

  it('keeps the name and the abilities of the model', () => {
    const model = Object.assign(scripted([]), {
      modelName: 'gpt-x',
      capabilities: { serverState: false },
      compact: async () => [],
    })
    const { modelName, capabilities, compact } = retry(model)
    expect({ modelName, capabilities, compact }).toEqual({
      modelName: 'gpt-x',
      capabilities: { serverState: false },
      compact: model.compact,
    })
  })

  it.each([{ attempts: 0 }, { attempts: 1.5 }, { baseMs: -1 }, { maxMs: Number.NaN }])(
    'refuses %j where it is written',
    (options) => {
      expect(() => retry(options)).toThrow(/Expected `\w+` of retry\(\)/)
    },
  )
})

describe('retry over a connection', () => {
  it('repeats a stream that broke before its answer, and no other: never two answers in one', async () => {
    const whole = 'One two three'
    for (let cut = 1; cut <= 12; cut++) {
      await using upstream = await fakeUpstream({
        answers: [{ text: whole, cutAfterEvents: cut, cutMode: cut % 2 ? 'destroy' : 'end' }, whole],
      })
      const model = responses('m', { baseURL: upstream.url, apiKey: 'k', retries: 0 })
      let shown = ''
      const run = agent({ model, use: [retry({ baseMs: 1 })] }).run('Hi')
      run.on('response.output_text.delta', ({ delta }) => {
        shown += delta
      })
      const outcome = await run.result().catch((error: unknown) => error)
      // created and in_progress are no answer yet; from the third event on the failure is final.
      if (cut <= 2) {
        expect(outcome).toMatchObject({ text: whole })
        expect(upstream.requests).toHaveLength(2)
      } else expect(upstream.requests).toHaveLength(1)
      expect(whole.startsWith(shown)).toBe(true)
    }
  })

  it('covers an error event in a stream that began with 200', async () => {
    await using upstream = await fakeUpstream({
      answers: [
        { text: 'x', errorEvent: 'nested', errorCode: 'rate_limit_exceeded' },
        { text: 'x', errorEvent: 'flat', errorThenFailed: true },
        'Well',
      ],
    })
    const model = retry(responses('m', { baseURL: upstream.url, apiKey: 'k', retries: 0 }), { baseMs: 1 })
    const result = await agent({ model }).run('Hi').result()
    expect(result.text).toBe('Well')
    expect(upstream.requests).toHaveLength(3)
  })
})

function failedResponse(): object {
  return {
    id: 'resp_a',
    object: 'response',
    created_at: 1,
    status: 'failed',
    model: 'm',
    output: [],
    error: { code: 'server_error', message: 'Broken.' },
  }
}
