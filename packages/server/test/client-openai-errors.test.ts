import { offline } from 'antiphon'
import { scripted } from 'antiphon/testing'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { gate } from './http-server.ts'
import { recorded, STORES, storeOf } from './recorded.ts'

const refusalOf = async (work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(OpenAI.APIError)
  return error as InstanceType<typeof OpenAI.APIError>
}

describe.each(STORES)('what the official client throws, with a store in %s', (kind) => {
  it('for requests that are wrong: 400, and which parameter', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const good = { model: 'offline', input: 'Hello' }
    for (const [request, param] of [
      [{ ...good, temperature: 3 }, 'temperature'],
      [{ ...good, nonsense: true }, 'nonsense'],
      [{ ...good, metadata: { a: 'x'.repeat(600) } }, 'metadata'],
      [{ ...good, model: 'nobody' }, 'model'],
      [{ ...good, previous_response_id: 'resp_nobody' }, 'previous_response_id'],
      [{ ...good, background: true, store: false }, 'background'],
    ] as const) {
      for (const stream of [false, true]) {
        const error = await refusalOf(openai.responses.create({ ...request, stream } as never))
        expect(error).toBeInstanceOf(OpenAI.BadRequestError)
        expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
        expect(error.param).toContain(param)
        expect(error.requestID).toMatch(/\S/)
      }
    }
    const stream = openai.responses.stream({ ...good, temperature: 3 })
    expect(await refusalOf(stream.finalResponse())).toBeInstanceOf(OpenAI.BadRequestError)
  })

  it('for what is not there: 404, the same for every door', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const id = `resp_${'0'.repeat(40)}`
    const conversation = `conv_${'0'.repeat(40)}`
    for (const work of [
      () => openai.responses.retrieve(id),
      () => openai.responses.retrieve(id, { stream: true }),
      () => openai.responses.stream({ response_id: id }).finalResponse(),
      () => openai.responses.cancel(id),
      () => openai.responses.delete(id),
      () => openai.responses.inputItems.list(id),
      () => openai.conversations.retrieve(conversation),
      () => openai.conversations.items.list(conversation),
      () => openai.conversations.items.create(conversation, { items: [{ role: 'user', content: 'Hi' }] }),
      () => openai.responses.create({ model: 'offline', input: 'Hi', conversation }),
      () => openai.batches.list(),
    ]) {
      const error = await refusalOf(work() as Promise<unknown>)
      expect(error).toBeInstanceOf(OpenAI.NotFoundError)
      expect(error.type).toBe('invalid_request_error')
    }
  })

  it('for a wrong key: 401; of others sees nothing', async () => {
    const keys = { ann: 'sk-ann-0123456789', bob: 'sk-bob-0123456789' }
    const { openai, url } = await recorded(offline(), { store: storeOf(kind), keys }, keys.ann)
    const { id } = await openai.responses.create({ model: 'offline', input: 'Hello' })
    const stranger = new OpenAI({ baseURL: url, apiKey: 'sk-nobody', maxRetries: 0 })
    const refused = await refusalOf(stranger.responses.retrieve(id))
    expect(refused).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(JSON.stringify(refused)).not.toContain('sk-nobody')
    const bob = new OpenAI({ baseURL: url, apiKey: keys.bob, maxRetries: 0 })
    expect(await refusalOf(bob.responses.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError)
    expect((await openai.responses.retrieve(id)).id).toBe(id)
  })

  it('for what may not be cancelled: 400', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const { id } = await openai.responses.create({ model: 'offline', input: 'Hello' })
    expect(await refusalOf(openai.responses.cancel(id))).toBeInstanceOf(OpenAI.BadRequestError)
  })

  it('for a key of idempotency that another request has: 409; the same request is answered again', async () => {
    const model = scripted(['One.', 'Two.'])
    const { openai } = await recorded(model, { store: storeOf(kind) })
    const request = { model: 'scripted', input: 'Hello' }
    // The client has an option for it, and sends no header for that.
    const keyed = { headers: { 'Idempotency-Key': 'order-77' } }
    const first = await openai.responses.create(request, keyed)
    const again = await openai.responses.create(request, keyed)
    expect(again).toEqual(first)
    expect(model.requests).toHaveLength(1)
    const other = { ...request, input: 'Something else' }
    expect(await refusalOf(openai.responses.create(other, keyed))).toBeInstanceOf(OpenAI.ConflictError)
    const byHeader = { headers: { 'Idempotency-Key': 'order-78' } }
    const events = []
    for (let n = 0; n < 2; n++) {
      const told = []
      for await (const event of await openai.responses.create({ ...request, stream: true }, byHeader))
        told.push(event)
      events.push(told)
    }
    expect(events[0]).toEqual(events[1])
    expect(model.requests).toHaveLength(2)
  })

  it('for too many at once: 429, and tries again by itself', async () => {
    const { promise: open, resolve } = gate()
    const { url, exchanges } = await recorded(
      scripted([
        async () => {
          await open
          return 'First.'
        },
        'Second.',
      ]),
      { store: storeOf(kind), limits: { concurrency: 1 } },
    )
    const openai = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 })
    const first = await openai.responses.create({ model: 'scripted', input: 'Go', background: true })
    const refused = await refusalOf(openai.responses.create({ model: 'scripted', input: 'And?' }))
    expect(refused).toBeInstanceOf(OpenAI.RateLimitError)
    expect(refused).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' })
    expect(Number(refused.headers?.get('retry-after'))).toBeGreaterThan(0)
    const before = exchanges.length
    const patient = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 20 })
    const second = patient.responses.create({ model: 'scripted', input: 'And?' })
    await expect.poll(() => exchanges.length).toBeGreaterThan(before)
    resolve()
    expect((await second).output_text).toBe('Second.')
    expect((await openai.responses.retrieve(first.id)).status).toBe('completed')
  })

  it('for a model that fails: whole, streamed and in the background', async () => {
    const broken = { error: new Error('secret inside') }
    const { openai } = await recorded(scripted([broken, broken, broken]), {
      store: storeOf(kind),
      onError: () => undefined,
    })
    const request = { model: 'scripted', input: 'Hello' }
    const whole = await refusalOf(openai.responses.create(request))
    expect(whole).toBeInstanceOf(OpenAI.InternalServerError)
    expect(whole.message).not.toContain('secret')
    const stream = await openai.responses.create({ ...request, stream: true })
    const streamed = await refusalOf(
      (async () => {
        for await (const _ of stream);
      })(),
    )
    expect(streamed.message).not.toContain('secret')
    let background = await openai.responses.create({ ...request, background: true })
    while (background.status === 'queued' || background.status === 'in_progress')
      background = await openai.responses.retrieve(background.id)
    expect(background).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
  })
})
