import { createOpenAI } from '@ai-sdk/openai'
import type { InputItem } from '@antiphon/client'
import { generateText, isStepCount, type ModelMessage, Output, streamText, tool } from 'ai'
import { agent, offline, tool as ownTool } from 'antiphon'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Exchange, recorded, STORES, storeOf } from './recorded.ts'

const at = (baseURL: string) => createOpenAI({ baseURL, apiKey: 'none' })

const weather = tool({
  description: 'The weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }) => ({ city, degrees: city === 'Rome' ? 30 : 10 }),
})

const typesOf = (input: unknown): string[] =>
  (input as { type?: string; role?: string }[]).map(({ type, role }) => type ?? role ?? '')
/** The types of the items of each request. */
const asked = (exchanges: readonly Exchange[]): string[][] =>
  exchanges.map(({ asked }) => typesOf(asked?.input))

const steps: readonly ScriptStep[] = [
  { reasoning: 'Two cities.', calls: [call('weather', { city: 'Rome' }), call('weather', { city: 'Oslo' })] },
  { reasoning: 'Once more.', text: 'One more.', calls: [call('weather', { city: 'Bonn' })] },
  (request) =>
    text(`Known: ${(request.input as InputItem[]).map(({ type }) => type ?? 'message').join(' ')}`),
]
const KNOWN =
  'Known: message reasoning function_call function_call function_call_output function_call_output reasoning message function_call function_call_output'

describe.each(STORES)('the AI SDK, with a store in %s', (kind) => {
  it('generates and streams text', async () => {
    const { url } = await recorded(offline(), { store: storeOf(kind) })
    const model = at(url).responses('offline')
    const whole = await generateText({
      model,
      prompt: 'Hello there',
      instructions: 'Be short.',
      maxRetries: 0,
    })
    expect(whole.text).toMatch(/\S/)
    expect(whole).toMatchObject({ finishReason: 'stop' })
    expect(whole.usage.totalTokens).toBeGreaterThan(0)
    const streamed = streamText({ model, prompt: 'Hello there', maxRetries: 0 })
    let told = ''
    for await (const piece of streamed.textStream) told += piece
    expect(told).toMatch(/\S/)
    expect(await streamed.finishReason).toBe('stop')
    expect(await streamed.text).toBe(told)
  })

  it.each([
    [true, 'item_reference'],
    [false, 'reasoning'],
  ] as const)('runs tools over many steps, with store: %s, items sent as %s', async (store, kept) => {
    const { url, exchanges } = await recorded(scripted([...steps, ...steps]), { store: storeOf(kind) })
    const options = {
      model: at(url).responses('scripted'),
      prompt: 'Rome and Oslo?',
      tools: { weather },
      stopWhen: isStepCount(5),
      maxRetries: 0,
      providerOptions: { openai: store ? {} : { store, include: ['reasoning.encrypted_content'] } },
    }
    const whole = await generateText(options)
    expect(whole.text).toBe(KNOWN)
    expect(whole.steps).toHaveLength(3)
    expect(whole.steps[0]?.reasoningText).toBe('Two cities.')
    expect(whole.steps[0]?.toolResults.map(({ output }) => output)).toEqual([
      { city: 'Rome', degrees: 30 },
      { city: 'Oslo', degrees: 10 },
    ])
    expect(asked(exchanges).at(-1)).toContain(kept)
    const streamed = streamText(options)
    const parts: string[] = []
    for await (const { type } of streamed.fullStream) parts.push(type)
    expect(parts).not.toContain('error')
    expect(await streamed.text).toBe(KNOWN)
    expect(parts.filter((type) => type === 'tool-result')).toHaveLength(3)
    expect(parts).toContain('reasoning-delta')
  })

  it('goes on with a dialogue by its own messages', async () => {
    const { url, exchanges } = await recorded(scripted([...steps, text('You are welcome.')]), {
      store: storeOf(kind),
    })
    const messages: ModelMessage[] = [{ role: 'user', content: 'Rome and Oslo?' }]
    const options = {
      model: at(url)('scripted'),
      tools: { weather },
      stopWhen: isStepCount(5),
      maxRetries: 0,
    }
    const first = await generateText({ ...options, messages })
    messages.push(...first.responseMessages, { role: 'user', content: 'Thanks' })
    const second = await generateText({ ...options, messages })
    expect(second.text).toBe('You are welcome.')
    expect(
      asked(exchanges)
        .at(-1)
        ?.filter((type) => type === 'item_reference').length,
    ).toBeGreaterThan(2)
  })

  it('goes on by previous_response_id and in a conversation', async () => {
    const { url, openai } = await recorded(scripted(['One.', 'Two.', 'Three.', 'Four.']), {
      store: storeOf(kind),
    })
    const model = at(url).responses('scripted')
    const first = await generateText({ model, prompt: 'Hello', maxRetries: 0 })
    const previousResponseId = first.providerMetadata?.openai?.responseId as string
    const second = await generateText({
      model,
      prompt: 'And?',
      maxRetries: 0,
      providerOptions: { openai: { previousResponseId } },
    })
    expect(second.text).toBe('Two.')
    const conversation = (await openai.conversations.create()).id
    for (const words of ['Three.', 'Four.']) {
      const next = await generateText({
        model,
        prompt: 'And?',
        maxRetries: 0,
        providerOptions: { openai: { conversation } },
      })
      expect(next.text).toBe(words)
    }
    expect((await openai.conversations.items.list(conversation)).data).toHaveLength(4)
  })

  it('makes structured output, whole and streamed', async () => {
    const answer = JSON.stringify({ name: 'Ann', age: 7 })
    const { url, exchanges } = await recorded(scripted([answer, answer]), { store: storeOf(kind) })
    const options = {
      model: at(url).responses('scripted'),
      prompt: 'Ann is 7.',
      output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }),
      maxRetries: 0,
    }
    expect((await generateText(options)).output).toEqual({ name: 'Ann', age: 7 })
    const streamed = streamText(options)
    const partial: unknown[] = []
    for await (const part of streamed.partialOutputStream) partial.push(part)
    expect(partial.at(-1)).toEqual({ name: 'Ann', age: 7 })
    expect(exchanges[0]?.asked?.text).toMatchObject({ format: { type: 'json_schema', strict: true } })
  })

  it('sees the calls of a served agent, and approves those that wait', async () => {
    const paid: string[] = []
    const pay = ownTool({
      name: 'pay',
      needsApproval: true,
      inputSchema: z.object({ to: z.string() }),
      execute: ({ to }) => {
        paid.push(to)
        return `paid ${to}`
      },
    })
    const look = ownTool({ name: 'look', effect: 'read', execute: () => 'seen' })
    const model = scripted([calls(call('look')), calls(call('pay', { to: 'Ann' })), text('It is paid.')])
    const { url } = await recorded(agent({ name: 'bank', model, tools: [look, pay] }), {
      store: storeOf(kind),
    })
    const messages: ModelMessage[] = [{ role: 'user', content: 'Look, and pay Ann' }]
    const options = { model: at(url).responses('bank'), maxRetries: 0 }
    const first = await generateText({ ...options, messages })
    const asked = first.content.find(({ type }) => type === 'tool-approval-request')
    expect(asked).toMatchObject({ type: 'tool-approval-request' })
    expect(paid).toEqual([])
    messages.push(...first.responseMessages, {
      role: 'tool',
      content: [
        {
          type: 'tool-approval-response',
          approvalId: (asked as { approvalId: string }).approvalId,
          approved: true,
          providerExecuted: true,
        },
      ],
    })
    const second = await generateText({ ...options, messages })
    expect(second.text).toBe('It is paid.')
    expect(paid).toEqual(['Ann'])
  })

  it('throws what the server refuses', async () => {
    const { url } = await recorded(offline(), { store: storeOf(kind) })
    const asked = generateText({ model: at(url).responses('nobody'), prompt: 'Hello', maxRetries: 0 })
    await expect(asked).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining('nobody') })
  })
})
