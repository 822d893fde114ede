import type { InputItem, OutputItem, ResponseEvent } from '@antiphon/client'
import { type Model, offline } from 'antiphon'
import { call, calls, lifecycleEvents, messageItem, scripted, type text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { modelUpstream } from '../src/upstream/model-upstream.ts'
import { ask, typesOf, user } from './agent-ask.ts'

describe('a model behind the server', () => {
  it('answers with its items and its usage, as one response', async () => {
    const upstream = modelUpstream(
      scripted([{ reasoning: 'Hm.', text: 'Hello', calls: [call('weather', { city: 'Rome' }, 'c1')] }]),
    )
    expect(upstream.models).toEqual(['scripted'])
    const { output, response, events } = await ask(upstream, { input: 'Hi' })
    expect(typesOf(output)).toEqual(['reasoning', 'message', 'function_call'])
    expect(output[2]).toMatchObject({ call_id: 'c1', arguments: '{"city":"Rome"}' })
    expect(response.usage).toMatchObject({ total_tokens: 120 })
    expect(typesOf(events)).toContain('response.output_text.delta')
  })

  it("passes the request on, but for what is the server's", async () => {
    const model = scripted(['Hi', 'Hi'])
    const upstream = modelUpstream(model, { models: ['a', 'b'] })
    const input: InputItem[] = [
      user('Hi'),
      {
        id: 'mcp_1',
        type: 'mcp_call',
        server_label: 'x',
        name: 'y',
        arguments: '{}',
        output: 'z',
      } as InputItem,
    ]
    const passed = {
      model: 'b',
      input,
      temperature: 0,
      tools: [],
      max_tool_calls: 3,
      instructions: 'Be brief.',
    }
    await ask(upstream, { ...passed, store: true, stream: true, background: true, metadata: {}, top_p: null })
    expect(model.requests[0]).toEqual(passed)
    await ask(upstream, { input: 'Hi', store: false })
    expect(model.requests[1]).toEqual({ input: 'Hi', store: false })
  })

  it('keeps ids that are the only ones of their kind, and replaces others: the same for the same answer', async () => {
    const long = `msg_${'a'.repeat(32)}`
    const items = ['msg_1', 'msg_1', '', long].map((id) => ({ ...messageItem('Hi'), id }) as OutputItem)
    const answer = () =>
      ask(modelUpstream(scripted([{ items }])), { input: 'Hi' }, { responseId: 'resp_same' })
    const ids = (await answer()).output.map(({ id }) => id)
    expect(ids[3]).toBe(long)
    expect((await answer()).output.map(({ id }) => id)).toEqual(ids)
    const other = await ask(
      modelUpstream(scripted([{ items }])),
      { input: 'Hi' },
      { responseId: 'resp_other' },
    )
    expect(other.output[0]?.id).not.toBe(ids[0])
  })

  it('closes gaps between places, and makes up for what was never announced', async () => {
    const whole = [...lifecycleEvents(await responseOf(calls(call('a', {}, 'c1'), call('b', {}, 'c2'))))]
    const gaps = whole.map((event) => {
      const { output_index: index } = event as { output_index?: number }
      return index === undefined ? event : ({ ...event, output_index: index * 3 } as ResponseEvent)
    })
    expect(typesOf((await ask(modelUpstream(modelOf(gaps)), { input: 'Hi' })).output)).toHaveLength(2)
    const silent = whole.filter(({ type }) => !/output_item.added|arguments/.test(type))
    const { output } = await ask(modelUpstream(modelOf(silent)), { input: 'Hi' })
    expect(output.map((item) => (item as { name?: string }).name)).toEqual(['a', 'b'])
    const onlyEnd = whole.filter(({ type }) => /created|completed/.test(type))
    expect((await ask(modelUpstream(modelOf(onlyEnd)), { input: 'Hi' })).output).toHaveLength(2)
  })

  it('ends as the model ended, and rejects when it did not', async () => {
    const cut = await ask(modelUpstream(scripted([{ text: 'Long', incomplete: 'max_output_tokens' }])), {
      input: 'Hi',
    })
    expect(cut.response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
    const failed = await ask(modelUpstream(scripted([{ failed: { code: 'server_error', message: 'no' } }])), {
      input: 'Hi',
    })
    expect(failed.response).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    await expect(
      ask(modelUpstream(scripted([{ error: new Error('gone') }])), { input: 'Hi' }),
    ).rejects.toThrow('gone')
    await expect(ask(modelUpstream(modelOf([])), { input: 'Hi' })).rejects.toMatchObject({
      code: 'stream_truncated',
    })
  })

  it('serves the embedded model', async () => {
    const { response } = await ask(modelUpstream(offline()), { input: 'Hello there' })
    expect(response.status).toBe('completed')
  })
})

const modelOf =
  (events: readonly ResponseEvent[]): Model =>
  async (_, sink) => {
    for (const event of events) sink(event)
  }

const responseOf = async (step: ReturnType<typeof text>) => {
  const { response } = await ask(modelUpstream(scripted([step])), { input: 'Hi' })
  return response
}
