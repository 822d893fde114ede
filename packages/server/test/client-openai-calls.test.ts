import type { InputItem } from '@antiphon/client'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import type { ResponseInput, ResponseOutputItem } from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import { recorded, STORES, storeOf } from './recorded.ts'

const weather = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
}
const request = { model: 'scripted', tools: [weather] }

const degrees = (args: string): string =>
  `${(JSON.parse(args) as { city: string }).city === 'Rome' ? 30 : 10} °C`

/** The outputs of all calls of an answer, as the guides make them. */
const outputsOf = (output: readonly ResponseOutputItem[]): ResponseInput =>
  output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: degrees(item.arguments) }]
      : [],
  )

const twoCalls: readonly ScriptStep[] = [
  { reasoning: 'Two cities.', calls: [call('weather', { city: 'Rome' }), call('weather', { city: 'Oslo' })] },
  calls(call('weather', { city: 'Rome' })),
  (asked) => text(`Known: ${(asked.input as InputItem[]).map(({ type }) => type ?? 'message').join(' ')}`),
]
const HISTORY =
  'Known: message reasoning function_call function_call function_call_output function_call_output function_call function_call_output'

describe.each(STORES)('a loop of function calls by the official client, with a store in %s', (kind) => {
  it('goes on by previous_response_id', async () => {
    const { openai } = await recorded(scripted(twoCalls), { store: storeOf(kind) })
    let response = await openai.responses.create({ ...request, input: 'Rome and Oslo?' })
    while (response.output.some(({ type }) => type === 'function_call')) {
      response = await openai.responses.create({
        ...request,
        previous_response_id: response.id,
        input: outputsOf(response.output),
      })
    }
    expect(response.output_text).toBe(HISTORY)
    const listed = await openai.responses.inputItems.list(response.id, { order: 'asc' })
    expect(listed.data.map(({ type }) => type)).toEqual(HISTORY.split(' ').slice(1))
  })

  it.each([true, false])('sends the whole history each time, with store: %s', async (store) => {
    const { openai } = await recorded(scripted(twoCalls), { store: storeOf(kind) })
    const input: ResponseInput = [{ role: 'user', content: 'Rome and Oslo?' }]
    const include = store ? {} : { include: ['reasoning.encrypted_content' as const] }
    let response = await openai.responses.create({ ...request, ...include, store, input })
    while (response.output.some(({ type }) => type === 'function_call')) {
      input.push(...(response.output as ResponseInput), ...outputsOf(response.output))
      response = await openai.responses.create({ ...request, ...include, store, input })
    }
    expect(response.output_text).toBe(HISTORY)
  })

  it('goes on in a conversation', async () => {
    const { openai } = await recorded(scripted(twoCalls), { store: storeOf(kind) })
    const conversation = (await openai.conversations.create()).id
    let response = await openai.responses.create({ ...request, conversation, input: 'Rome and Oslo?' })
    while (response.output.some(({ type }) => type === 'function_call')) {
      response = await openai.responses.create({
        ...request,
        conversation,
        input: outputsOf(response.output),
      })
    }
    expect(response.output_text).toBe(HISTORY)
    const items = await openai.conversations.items.list(conversation, { order: 'asc' })
    expect(items.data.map(({ type }) => type)).toEqual([...HISTORY.split(' ').slice(1), 'message'])
  })

  it('goes on from streams', async () => {
    const { openai } = await recorded(scripted(twoCalls), { store: storeOf(kind) })
    let response = await openai.responses
      .stream({ ...request, input: 'Rome and Oslo?', parallel_tool_calls: true })
      .finalResponse()
    while (response.output.some(({ type }) => type === 'function_call')) {
      response = await openai.responses
        .stream({
          ...request,
          previous_response_id: response.id,
          input: outputsOf(response.output as ResponseOutputItem[]),
        })
        .finalResponse()
    }
    expect(response.output_text).toBe(HISTORY)
  })

  it('branches: two answers to the same calls', async () => {
    const { openai } = await recorded(
      scripted([twoCalls[0] as ScriptStep, text('One way.'), text('The other.')]),
      { store: storeOf(kind) },
    )
    const first = await openai.responses.create({ ...request, input: 'Rome and Oslo?' })
    const ways = []
    for (const output of ['It rains.', 'It snows.']) {
      const input = outputsOf(first.output).map((item) => ({ ...item, output })) as ResponseInput
      const { id } = await openai.responses.create({ ...request, previous_response_id: first.id, input })
      ways.push((await openai.responses.inputItems.list(id, { limit: 1 })).data[0])
    }
    expect(ways).toMatchObject([{ output: 'It rains.' }, { output: 'It snows.' }])
  })

  it('refers to items that are stored, and takes those of the input items as they were listed', async () => {
    const { openai } = await recorded(scripted(['First.', 'Second.', 'Third.']), { store: storeOf(kind) })
    const first = await openai.responses.create({ model: 'scripted', input: 'Hello' })
    const second = await openai.responses.create({
      model: 'scripted',
      input: [
        { role: 'user', content: 'Hello' },
        ...first.output.map(({ id }) => ({ type: 'item_reference' as const, id: id ?? '' })),
        { role: 'user', content: 'Again' },
      ],
    })
    expect(second.output_text).toBe('Second.')
    const listed = await openai.responses.inputItems.list(second.id, { order: 'asc' })
    expect(listed.data.map(({ type, role }: { type: string; role?: string }) => [type, role])).toEqual([
      ['message', 'user'],
      ['message', 'assistant'],
      ['message', 'user'],
    ])
    const third = await openai.responses.create({
      model: 'scripted',
      input: [
        ...(listed.data as ResponseInput),
        ...(second.output as ResponseInput),
        { role: 'user', content: '?' },
      ],
    })
    expect(third.output_text).toBe('Third.')
    await expect(
      openai.responses.create({ model: 'scripted', input: [{ type: 'item_reference', id: 'msg_nobody' }] }),
    ).rejects.toMatchObject({ status: 400, param: 'input' })
  })

  it('refuses calls without outputs and outputs without calls', async () => {
    const { openai } = await recorded(scripted(twoCalls), { store: storeOf(kind) })
    const first = await openai.responses.create({ ...request, input: 'Rome and Oslo?' })
    await expect(
      openai.responses.create({ ...request, previous_response_id: first.id, input: 'And now?' }),
    ).rejects.toMatchObject({ status: 400, message: expect.stringContaining('No tool output found') })
    await expect(
      openai.responses.create({
        ...request,
        input: [{ type: 'function_call_output', call_id: 'call_nobody', output: '' }],
      }),
    ).rejects.toMatchObject({ status: 400, message: expect.stringContaining('No tool call found') })
  })
})
