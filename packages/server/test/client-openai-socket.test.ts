import { agent, tool } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import type OpenAI from 'openai'
import { ResponsesWS } from 'openai/resources/responses/ws'
import { describe, expect, it, onTestFinished } from 'vitest'
import { STORES, storeOf } from './recorded.ts'
import { serving } from './serving.ts'
import { problemsOfEvents } from './valid-response.ts'

type Message = Record<string, unknown> & {
  type: string
  response?: { id: string; output: Record<string, unknown>[]; status: string }
}

/** The official client's WebSocket: asks, and waits for the end of the answer. */
const connect = (openai: OpenAI) => {
  const socket = new ResponsesWS(openai)
  const messages: Message[] = []
  const errors: unknown[] = []
  let told = (): void => undefined
  socket.on('event', (event) => {
    messages.push(event as never)
    told()
  })
  socket.on('error', ({ error }) => void errors.push(error))
  onTestFinished(() => socket.close())
  const ask = async (fields: object): Promise<Message[]> => {
    const from = messages.length
    socket.send({ type: 'response.create', model: 'm', ...fields } as never)
    const isOver = ({ type }: Message): boolean =>
      ['response.completed', 'response.incomplete', 'response.failed', 'error'].includes(type)
    while (!messages.slice(from).some(isOver))
      await new Promise<void>((resolve) => {
        told = resolve
      })
    return messages.slice(from)
  }
  /** Asks for an answer that has to be in order. */
  const answer = async (fields: object): Promise<NonNullable<Message['response']>> => {
    const events = await ask(fields)
    expect(problemsOfEvents(events)).toEqual([])
    return events.at(-1)?.response as NonNullable<Message['response']>
  }
  return { socket, ask, answer, errors }
}

const textOf = ({ output }: NonNullable<Message['response']>): unknown =>
  (output.at(-1) as { content?: { text: string }[] }).content?.[0]?.text
const weather = { type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false }

describe.each(STORES)('the WebSocket of the official client, with a store in %s', (kind) => {
  it.each([true, false])('goes on from call to call, with store: %s', async (store) => {
    const model = scripted([calls(call('weather')), text('Sunny.')])
    const { openai } = await serving({ m: model }, { store: storeOf(kind) })
    const { answer } = connect(openai)
    const first = await answer({ input: 'Weather?', tools: [weather], store })
    const { call_id } = first.output[0] as { call_id: string }
    const second = await answer({
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id, output: 'sun' }],
      tools: [weather],
      store,
    })
    expect(textOf(second)).toBe('Sunny.')
    expect(model.requests[1]?.input).toHaveLength(3)
    const kept = openai.responses.retrieve(second.id)
    if (store) expect((await kept).id).toBe(second.id)
    else await expect(kept).rejects.toMatchObject({ status: 404 })
  })

  it('keeps what is not stored to its connection', async () => {
    const { openai } = await serving({ m: scripted(['One.', 'Two.']) }, { store: storeOf(kind) })
    const one = connect(openai)
    const first = await one.answer({ input: 'Hello', store: false })
    const other = connect(openai)
    const refused = await other.ask({ input: 'And?', store: false, previous_response_id: first.id })
    expect(refused).toMatchObject([{ type: 'error', error: { code: 'previous_response_not_found' } }])
    expect(textOf(await one.answer({ input: 'And?', store: false, previous_response_id: first.id }))).toBe(
      'Two.',
    )
  })

  it('warms up, and is told what is wrong', async () => {
    const model = scripted(['Here.'])
    const { openai } = await serving({ m: model }, { store: storeOf(kind) })
    const { ask, answer, errors } = connect(openai)
    const warm = await answer({ input: 'You are short.', generate: false, store: false })
    expect(warm.output).toEqual([])
    expect(model.requests).toHaveLength(0)
    const next = await answer({ input: 'Hello', previous_response_id: warm.id, store: false })
    expect(textOf(next)).toBe('Here.')
    expect(model.requests[0]?.input).toHaveLength(2)
    expect(await ask({ input: 'Hello', temperature: 7 })).toMatchObject([
      { type: 'error', status: 400, error: { param: 'temperature' } },
    ])
    expect(errors).toHaveLength(1)
  })

  it('has the events of a served agent, and of a conversation', async () => {
    const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
    const served = agent({
      name: 'scout',
      model: scripted([calls(call('look')), text('Seen.'), text('Yes.')]),
      tools: [look],
    })
    const { openai } = await serving({ m: served }, { store: storeOf(kind) })
    const { answer } = connect(openai)
    const conversation = (await openai.conversations.create()).id
    const first = await answer({ input: 'Look', conversation })
    expect(first.output.map(({ type }) => type)).toEqual(['mcp_call', 'message'])
    expect(textOf(await answer({ input: 'Really?', conversation }))).toBe('Yes.')
    expect((await openai.conversations.items.list(conversation)).data).toHaveLength(5)
  })
})
