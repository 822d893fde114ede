import { agent, tool } from 'antiphon'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { recorded, STORES, storeOf } from './recorded.ts'

/** An agent that looks by itself, pays when it may, and leaves the weather to its client. */
const bank = (steps: readonly ScriptStep[]) => {
  const paid: string[] = []
  const look = tool({
    name: 'look',
    effect: 'read',
    inputSchema: z.object({ at: z.string() }),
    execute: ({ at }) => `seen ${at}`,
  })
  const pay = tool({
    name: 'pay',
    needsApproval: true,
    inputSchema: z.object({ to: z.string() }),
    execute: ({ to }) => {
      paid.push(to)
      return `paid ${to}`
    },
  })
  return { paid, served: agent({ name: 'bank', model: scripted(steps), tools: [look, pay] }) }
}

const weather = {
  type: 'function' as const,
  name: 'weather',
  parameters: { type: 'object', properties: {} },
  strict: false,
}
const typesOf = (items: readonly { type: string }[]): string[] => items.map(({ type }) => type)

describe.each(STORES)('an agent as the official client sees it, with a store in %s', (kind) => {
  it('answers with its own calls as mcp_call, streamed as well', async () => {
    const steps = [calls(call('look', { at: 'a' }), call('look', { at: 'b' })), text('Both seen.')]
    const { openai } = await recorded(bank([...steps, ...steps]).served, { store: storeOf(kind) })
    const whole = await openai.responses.create({ model: 'bank', input: 'Look' })
    expect(typesOf(whole.output)).toEqual(['mcp_call', 'mcp_call', 'message'])
    expect(whole.output[0]).toMatchObject({ name: 'look', output: 'seen a', server_label: 'bank' })
    const stream = openai.responses.stream({ model: 'bank', input: 'Look' })
    const events: ResponseStreamEvent[] = []
    for await (const event of stream) events.push(event)
    const final = await stream.finalResponse()
    expect(typesOf(final.output)).toEqual(['mcp_call', 'mcp_call', 'message'])
    expect(events.filter(({ type }) => type === 'response.mcp_call.completed')).toHaveLength(2)
    expect(await openai.responses.retrieve(final.id)).toMatchObject({ output_text: 'Both seen.' })
  })

  it.each(['previous_response_id', 'conversation', 'background'] as const)(
    'asks for approval, and goes on when it is given, by %s',
    async (way) => {
      const { paid, served } = bank([calls(call('pay', { to: 'Ann' })), text('It is paid.'), text('Yes.')])
      const { openai } = await recorded(served, { store: storeOf(kind) })
      const conversation = way === 'conversation' ? (await openai.conversations.create()).id : undefined
      const ended = async (response: Response) => {
        let now = response
        while (now.status === 'queued' || now.status === 'in_progress')
          now = await openai.responses.retrieve(now.id)
        return now
      }
      const more = {
        model: 'bank',
        ...(conversation === undefined ? {} : { conversation }),
        ...(way === 'background' ? { background: true } : {}),
      }
      const on = (id: string) => (conversation === undefined ? { previous_response_id: id } : {})
      const first = await ended(await openai.responses.create({ ...more, input: 'Pay Ann' }))
      const asked = first.output.at(-1)
      expect(asked).toMatchObject({ type: 'mcp_approval_request', name: 'pay', arguments: '{"to":"Ann"}' })
      expect(paid).toEqual([])
      const second = await ended(
        await openai.responses.create({
          ...more,
          ...on(first.id),
          input: [{ type: 'mcp_approval_response', approval_request_id: asked?.id ?? '', approve: true }],
        }),
      )
      expect(paid).toEqual(['Ann'])
      expect(typesOf(second.output)).toEqual(['mcp_call', 'message'])
      expect(second.output[0]).toMatchObject({ approval_request_id: asked?.id, output: 'paid Ann' })
      const third = await ended(
        await openai.responses.create({ ...more, ...on(second.id), input: 'Really?' }),
      )
      expect(third.output_text).toBe('Yes.')
      // An approval is used once.
      await expect(
        openai.responses.create({
          model: 'bank',
          previous_response_id: first.id,
          input: [{ type: 'mcp_approval_response', approval_request_id: asked?.id ?? '', approve: true }],
        }),
      ).rejects.toMatchObject({ status: 400 })
      expect(paid).toEqual(['Ann'])
    },
  )

  it('goes on when approval is denied, without the call', async () => {
    const { paid, served } = bank([calls(call('pay', { to: 'Ann' })), text('Then not.')])
    const { openai } = await recorded(served, { store: storeOf(kind) })
    const first = await openai.responses.create({ model: 'bank', input: 'Pay Ann' })
    const second = await openai.responses
      .stream({
        model: 'bank',
        previous_response_id: first.id,
        input: [
          {
            type: 'mcp_approval_response',
            approval_request_id: first.output.at(-1)?.id ?? '',
            approve: false,
            reason: 'Too much.',
          },
        ],
      })
      .finalResponse()
    expect(paid).toEqual([])
    expect(second.output_text).toBe('Then not.')
  })

  it("calls its client's functions beside its own, over several responses", async () => {
    const { served } = bank([
      calls(call('look', { at: 'a' }), call('weather')),
      calls(call('weather')),
      text('Sunny.'),
    ])
    const { openai } = await recorded(served, { store: storeOf(kind) })
    let response = await openai.responses.create({ model: 'bank', input: 'Go', tools: [weather] })
    expect(typesOf(response.output).toSorted()).toEqual(['function_call', 'mcp_call'])
    for (let turn = 0; turn < 2; turn++) {
      const asked = response.output.find((item) => item.type === 'function_call')
      response = await openai.responses.create({
        model: 'bank',
        tools: [weather],
        previous_response_id: response.id,
        input: [{ type: 'function_call_output', call_id: asked?.call_id ?? '', output: 'sun' }],
      })
    }
    expect(response.output_text).toBe('Sunny.')
  })

  it('takes its whole history back, as it was given', async () => {
    const { served } = bank([calls(call('look', { at: 'a' })), text('Seen.'), text('As I said.')])
    const { openai } = await recorded(served, { store: storeOf(kind) })
    const first = await openai.responses.create({ model: 'bank', input: 'Look', store: false })
    const second = await openai.responses.create({
      model: 'bank',
      store: false,
      input: [
        { role: 'user', content: 'Look' },
        ...(first.output as never[]),
        { role: 'user', content: 'And?' },
      ],
    })
    expect(second.output_text).toBe('As I said.')
  })
})
