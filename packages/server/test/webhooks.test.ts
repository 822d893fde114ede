import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { webhookEvent, webhookTypeOf } from '../src/webhooks/webhook-event.ts'
import { createWebhooks, type UndeliveredWebhook, type WebhooksOptions } from '../src/webhooks/webhooks.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const news = { tenant: 'acme', responseId: 'resp_1', type: 'response.completed' } as const
const openai = new OpenAI({ apiKey: 'unused', webhookSecret: SECRET })

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

/** Answers one status after the other, the last one for ever; `hang` answers nothing. */
const receiver = async (...answers: (number | 'hang')[]) => {
  const received: Received[] = []
  const waiting = new Map<number, () => void>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const answer = answers[Math.min(received.length, answers.length - 1)] ?? 200
    received.push({ headers: request.headers, body })
    waiting.get(received.length)?.()
    if (answer !== 'hang') response.writeHead(answer, { location: '/elsewhere' }).end('thanks')
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const arrived = (count: number) =>
    received.length >= count ? undefined : new Promise<void>((done) => waiting.set(count, done))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received, arrived }
}

const sender = (options: WebhooksOptions) => {
  const undelivered: UndeliveredWebhook[] = []
  const webhooks = createWebhooks({
    secret: options.url === undefined ? undefined : SECRET,
    firstDelayMs: 1,
    egress: { allowLoopback: true },
    onGiveUp: (one) => undelivered.push(one),
    ...options,
  })
  return { webhooks, undelivered }
}

describe('webhooks', () => {
  it('arrive with a signature that the official SDK takes', async () => {
    const { url, received } = await receiver(200)
    const { webhooks, undelivered } = sender({ url })
    expect(webhooks.deliver(news)).toBe(true)
    await webhooks.close()
    expect(received).toHaveLength(1)
    const { headers, body } = received[0] as Received
    const event = await openai.webhooks.unwrap(body, headers as Record<string, string>)
    expect(event).toMatchObject({ object: 'event', type: 'response.completed', data: { id: 'resp_1' } })
    expect(event.id).toMatch(/^evt_[0-9a-f]{32}$/)
    expect(Math.abs(event.created_at - Date.now() / 1000)).toBeLessThan(300)
    expect(Object.keys(event).sort()).toEqual(['created_at', 'data', 'id', 'object', 'type'])
    const tampered = openai.webhooks.unwrap(`${body} `, headers as Record<string, string>)
    await expect(tampered).rejects.toThrow(/signature/)
    expect(undelivered).toEqual([])
  })

  it('are signed by the old and the new secret while one is replaced', async () => {
    const { url, received } = await receiver(200)
    const { webhooks } = sender({ url, secret: [OTHER_SECRET, SECRET] })
    webhooks.deliver(news)
    await webhooks.close()
    const { headers, body } = received[0] as Received
    for (const secret of [SECRET, OTHER_SECRET])
      await openai.webhooks.verifySignature(body, headers as Record<string, string>, secret)
  })

  it('are sent again after errors and redirects, with the same id and body', async () => {
    const { url, received } = await receiver(500, 302, 404, 204)
    const { webhooks, undelivered } = sender({ url })
    webhooks.deliver(news)
    await webhooks.close()
    expect(received).toHaveLength(4)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(received.map(({ body }) => body)).size).toBe(1)
    expect(undelivered).toEqual([])
  })

  it('are sent again after a time limit', async () => {
    const { url, received } = await receiver('hang', 200)
    const { webhooks, undelivered } = sender({ url, timeoutMs: 500, attempts: 20 })
    webhooks.deliver(news)
    await webhooks.close({ waitMs: 30_000 })
    expect(received.length).toBeGreaterThanOrEqual(2)
    expect(undelivered).toEqual([])
  })

  it('are given up after the last attempt, and reported without a secret', async () => {
    const { url, received } = await receiver(500)
    const { webhooks, undelivered } = sender({ url, attempts: 3 })
    webhooks.deliver({ ...news, type: 'response.failed' })
    await webhooks.close()
    expect(received).toHaveLength(3)
    expect(undelivered).toMatchObject([
      { tenant: 'acme', attempts: 3, reason: 'failed', status: 500, event: { type: 'response.failed' } },
    ])
    expect(JSON.stringify(undelivered)).not.toContain('whsec_')
  })

  it('are given up at once where nobody wants them', async () => {
    const { url, received } = await receiver(410)
    const { webhooks, undelivered } = sender({ url })
    webhooks.deliver(news)
    await webhooks.close()
    expect(received).toHaveLength(1)
    expect(undelivered).toMatchObject([{ reason: 'refused', status: 410, attempts: 1 }])
  })

  it('go to the target of their tenant, to that for all, or nowhere', async () => {
    const all = await receiver(200)
    const own = await receiver(200)
    const { webhooks } = sender({
      url: all.url,
      tenants: { acme: { url: own.url, secret: OTHER_SECRET }, silent: null },
    })
    expect(webhooks.deliver(news)).toBe(true)
    expect(webhooks.deliver({ ...news, tenant: 'other' })).toBe(true)
    expect(webhooks.deliver({ ...news, tenant: 'silent' })).toBe(false)
    await webhooks.close()
    expect([all.received.length, own.received.length]).toEqual([1, 1])
    const { headers, body } = own.received[0] as Received
    await openai.webhooks.verifySignature(body, headers as Record<string, string>, OTHER_SECRET)
    const withoutTarget = sender({}).webhooks
    expect(withoutTarget.deliver(news)).toBe(false)
  })

  it('of one target do not wait for another that hangs', async () => {
    const dead = await receiver('hang')
    const alive = await receiver(200)
    const { webhooks } = sender({
      concurrency: 1,
      tenants: { dead: { url: dead.url, secret: SECRET }, alive: { url: alive.url, secret: SECRET } },
    })
    for (let i = 0; i < 5; i++) webhooks.deliver({ ...news, tenant: 'dead', responseId: `resp_${i}` })
    webhooks.deliver({ ...news, tenant: 'alive' })
    await alive.arrived(1)
    await webhooks.close({ waitMs: 0 })
  })

  it('are bounded: what does not fit is reported, and the rest arrives', async () => {
    const { url, received } = await receiver(200)
    const { webhooks, undelivered } = sender({ url, queueLimit: 2, concurrency: 1 })
    const taken = [1, 2, 3].map((i) => webhooks.deliver({ ...news, responseId: `resp_${i}` }))
    expect(taken).toEqual([true, true, false])
    expect(undelivered).toMatchObject([{ reason: 'queue_full', event: { data: { id: 'resp_3' } } }])
    await webhooks.close()
    expect(received.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id)).toEqual([
      'resp_1',
      'resp_2',
    ])
  })

  it('are dropped by a close that does not wait, and each is reported', async () => {
    const { url, arrived } = await receiver('hang')
    const { webhooks, undelivered } = sender({ url, concurrency: 1 })
    for (const i of [1, 2, 3]) webhooks.deliver({ ...news, responseId: `resp_${i}` })
    await arrived(1)
    await Promise.all([webhooks.close({ waitMs: 0 }), webhooks.close({ waitMs: 0 })])
    expect(undelivered.map(({ reason, attempts }) => `${reason} ${attempts}`).sort()).toEqual([
      'closed 0',
      'closed 0',
      'closed 1',
    ])
    expect(webhooks.deliver(news)).toBe(false)
  })

  it('never go to an address that is not public', async () => {
    const { url, received } = await receiver(200)
    expect(() => sender({ url, egress: {} })).toThrow(expect.objectContaining({ code: 'egress_refused' }))
    const { port } = new URL(url)
    const { webhooks, undelivered } = sender({
      url: `https://hooks.example.com:${port}/`,
      egress: { resolve: () => Promise.resolve(['127.0.0.1']) },
    })
    webhooks.deliver(news)
    await webhooks.close()
    expect(undelivered).toMatchObject([{ reason: 'refused', attempts: 1 }])
    expect(received).toEqual([])
  })

  it('survive a hook that throws', async () => {
    const { url } = await receiver(410)
    const { webhooks } = sender({
      url,
      onGiveUp: () => {
        throw new Error('broken hook')
      },
    })
    webhooks.deliver(news)
    await webhooks.close()
  })

  it('refuse secrets and numbers that can not be right, and do not quote a secret', () => {
    const url = 'https://example.com/hook'
    const invalid = expect.objectContaining({
      code: 'invalid_config',
      message: expect.not.stringContaining('c2hvcnQ'),
    })
    for (const secret of ['c2hvcnQ', 'whsec_c2hvcnQ=', 'whsec_', 'whsec_*', []])
      expect(() => createWebhooks({ url, secret })).toThrow(invalid)
    expect(() => createWebhooks({ url })).toThrow(invalid)
    expect(() => createWebhooks({ url, secret: SECRET, attempts: 0 })).toThrow(invalid)
  })
})

describe('a webhook event', () => {
  it('has the same id for the same end of the same response only', () => {
    const ids = [
      news,
      { ...news, createdAt: 1 },
      { ...news, responseId: 'resp_2' },
      { ...news, tenant: 'other' },
      { ...news, type: 'response.failed' as const },
    ].map((one) => webhookEvent(one).id)
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(4)
  })

  it('is told for a response that has ended', () => {
    expect(['completed', 'failed', 'cancelled', 'incomplete'].map(webhookTypeOf)).toEqual([
      'response.completed',
      'response.failed',
      'response.cancelled',
      'response.incomplete',
    ])
    expect(['queued', 'in_progress', undefined].map(webhookTypeOf)).toEqual([undefined, undefined, undefined])
  })
})
