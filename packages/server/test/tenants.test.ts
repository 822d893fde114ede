import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agent, type Model, offline, tool } from 'antiphon'
import { call, calls, scripted } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { serving } from './serving.ts'

const KEYS = { a: 'key-of-a-1234567890', b: 'key-of-b-1234567890' }

interface Told {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}

const asker =
  (url: string, key: string) =>
  async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Told> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { date: _date, 'x-request-id': _id, ...rest } = Object.fromEntries(answer.headers)
    return { status: answer.status, headers: rest, text: await answer.text() }
  }

/** One request over a WebSocket of its own, and all that comes back. */
const overSocket = (url: string, key: string, body: object): Promise<string> =>
  new Promise((resolve, reject) => {
    let all = ''
    const socket = new WebSocket(`${url.replace('http', 'ws')}/responses`, {
      headers: { authorization: `Bearer ${key}` },
    })
    socket.on('open', () => socket.send(JSON.stringify({ type: 'response.create', ...body })))
    socket.on('message', (data) => {
      all += `${String(data)}\n`
      const { type, status } = JSON.parse(String(data)) as { type: string; status?: number }
      if (!/^response\.(completed|failed|incomplete)$/.test(type) && status === undefined) return
      resolve(all)
      socket.close()
    })
    socket.on('error', reject)
  })

const idIn = ({ text }: Told): string => (JSON.parse(text) as { id: string }).id

/** An id that nobody has, of the same form. */
const missingLike = (id: string): string =>
  `${id.split('_')[0]}_${randomBytes(60).toString('hex')}`.slice(0, id.length)

const bank = () =>
  agent({
    name: 'bank',
    model: scripted(Array.from({ length: 50 }, () => calls(call('pay', { eur: 5 })))),
    tools: [tool({ name: 'pay', needsApproval: true, execute: () => 'paid' })],
  })

const twoTenants = async () => {
  const { url } = await serving({ model: offline(), bank: bank() }, { keys: KEYS })
  const [a, b] = [asker(url, KEYS.a), asker(url, KEYS.b)]
  const make = async (ask: typeof a) => {
    const conversation = idIn(
      await ask('POST', '/conversations', {
        metadata: { of: 'me' },
        items: [{ role: 'user', content: 'Hi' }],
      }),
    )
    const response = idIn(
      await ask('POST', '/responses', { input: 'Hello', conversation }, { 'idempotency-key': 'the-key' }),
    )
    const background = idIn(await ask('POST', '/responses', { input: 'Hello', background: true }))
    const asked = await ask('POST', '/responses', { model: 'bank', input: 'Pay' })
    const approval = (JSON.parse(asked.text) as { output: { id: string; type: string }[] }).output.find(
      ({ type }) => type === 'mcp_approval_request',
    )?.id as string
    const items = (
      JSON.parse((await ask('GET', `/conversations/${conversation}/items`)).text) as {
        data: { id: string }[]
      }
    ).data.map(({ id }) => id)
    return { conversation, response, background, bank: idIn(asked), approval, items }
  }
  return { url, a, b, ofA: await make(a), ofB: await make(b) }
}

type Probe = readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>]
type Own = Awaited<ReturnType<typeof twoTenants>>['ofB']

const ofResponse = (id: string): Probe[] => [
  ['GET', `/responses/${id}`],
  ['GET', `/responses/${id}?stream=true`],
  ['GET', `/responses/${id}?stream=true&starting_after=1`],
  ['GET', `/responses/${id}/input_items`],
  ['GET', `/responses/${id}/input_items?order=asc&limit=1`],
  ['POST', `/responses/${id}/cancel`],
  ['DELETE', `/responses/${id}`],
  ...[{}, { stream: true }, { background: true }, { store: false }, { model: 'bank' }].map(
    (more): Probe => ['POST', '/responses', { input: 'Go', previous_response_id: id, ...more }],
  ),
  ['POST', '/responses/compact', { model: 'model', input: 'Go', previous_response_id: id }],
  ['POST', '/responses/input_tokens', { input: 'Go', previous_response_id: id }],
  ['POST', '/responses', { input: [{ type: 'item_reference', id }] }],
  ['GET', `/conversations/${id}`],
]
const ofConversation = (id: string, own: Own): Probe[] => [
  ['GET', `/conversations/${id}`],
  ['POST', `/conversations/${id}`, { metadata: { of: 'b' } }],
  ['POST', `/conversations/${id}/items`, { items: [{ role: 'user', content: 'I was here' }] }],
  ['GET', `/conversations/${id}/items`],
  ['GET', `/conversations/${id}/items/${own.items[0]}`],
  ['DELETE', `/conversations/${id}/items/${own.items[0]}`],
  ['DELETE', `/conversations/${id}`],
  ...[{}, { stream: true }, { background: true }, { store: false }].map(
    (more): Probe => ['POST', '/responses', { input: 'Go', conversation: id, ...more }],
  ),
  ['POST', '/responses', { input: 'Go', conversation: { id } }],
  ['POST', '/responses/input_tokens', { input: 'Go', conversation: id }],
  ['GET', `/responses/${id}`],
]
const ofItem = (id: string, own: Own, foreign: Own): Probe[] => [
  ['GET', `/conversations/${own.conversation}/items/${id}`],
  ['DELETE', `/conversations/${own.conversation}/items/${id}`],
  ['GET', `/conversations/${foreign.conversation}/items/${id}`],
  ['DELETE', `/conversations/${foreign.conversation}/items/${id}`],
  ['GET', `/conversations/${own.conversation}/items?after=${id}`],
  ['GET', `/responses/${own.response}/input_items?after=${id}`],
  ...[{}, { stream: true }, { background: true }, { previous_response_id: own.response }].map(
    (more): Probe => ['POST', '/responses', { input: [{ type: 'item_reference', id }], ...more }],
  ),
  ['POST', '/responses/input_tokens', { input: [{ type: 'item_reference', id }] }],
  ['POST', '/responses/compact', { model: 'model', input: [{ type: 'item_reference', id }] }],
]
const ofApproval = (id: string, own: Own): Probe[] => {
  const input = [{ type: 'mcp_approval_response', approval_request_id: id, approve: true }]
  const request = {
    type: 'mcp_approval_request',
    id,
    server_label: 'bank',
    name: 'pay',
    arguments: '{"eur":5}',
  }
  return [
    ['POST', '/responses', { model: 'bank', input }],
    ['POST', '/responses', { model: 'bank', input, stream: true, store: false }],
    ['POST', '/responses', { model: 'bank', input, previous_response_id: own.bank }],
    ['POST', '/responses', { model: 'bank', input: [{ role: 'user', content: 'Pay' }, request, ...input] }],
  ]
}

describe('what belongs to one tenant', () => {
  it('is for another one what is not there, on every route', async () => {
    const { url, a, b, ofA, ofB } = await twoTenants()
    const look = async () => [
      await a('GET', `/responses/${ofA.response}`),
      await a('GET', `/responses/${ofA.bank}`),
      await a('GET', `/conversations/${ofA.conversation}`),
      await a('GET', `/conversations/${ofA.conversation}/items`),
    ]
    await expect
      .poll(async () => (await a('GET', `/responses/${ofA.background}`)).text)
      .toContain('"completed"')
    const before = await look()
    const kinds: [string, (id: string) => Probe[]][] = [
      ...[ofA.response, ofA.background, ofA.bank].map((id): [string, (id: string) => Probe[]] => [
        id,
        ofResponse,
      ]),
      [ofA.conversation, (id) => ofConversation(id, ofB)],
      ...ofA.items.map((id): [string, (id: string) => Probe[]] => [id, (one) => ofItem(one, ofB, ofA)]),
      [ofA.approval, (id) => ofApproval(id, ofB)],
    ]
    // Times and new ids are nothing that one is told of another.
    const bareText = (text: string, id: string): string =>
      text
        .replaceAll(id, '<id>')
        .replace(/"(created_at|completed_at)":\d+/g, '"$1":0')
        .replace(/(resp|msg|mcpr|fc|mcp|cmpr|cmp|call)_[0-9a-f]{8,}/g, '$1_new')
    const bare = (told: Told, id: string): Told => ({ ...told, text: bareText(told.text, id) })
    let tried = 0
    for (const [id, probes] of kinds) {
      const missing = missingLike(id)
      const [tries, controls] = [probes(id), probes(missing)]
      for (const [n, probe] of tries.entries()) {
        const got = await b(...probe)
        const control = await b(...(controls[n] as Probe))
        expect(bare(got, id), `${probe[0]} ${probe[1]} ${JSON.stringify(probe[2])}`).toEqual(
          bare(control, missing),
        )
        // A stream that has begun says it in its end.
        if (got.status === 200) expect(got.text).toContain('event: response.failed')
        else expect(got.status, `${probe[0]} ${probe[1]} ${got.text}`).toBeGreaterThanOrEqual(400)
        tried++
        if (probe[1] !== '/responses') continue
        const spoken = await overSocket(url, KEYS.b, without(probe[2] as object, 'background'))
        const silent = await overSocket(
          url,
          KEYS.b,
          without((controls[n] as Probe)[2] as object, 'background'),
        )
        expect(bareText(spoken, id)).toBe(bareText(silent, missing))
        expect(spoken).toContain('"error"')
      }
    }
    expect(tried).toBeGreaterThan(80)
    expect(await look()).toEqual(before)
    // The approval is unused: its own tenant may give it.
    const input = [{ type: 'mcp_approval_response', approval_request_id: ofA.approval, approve: true }]
    const given = await a('POST', '/responses', { model: 'bank', input, previous_response_id: ofA.bank })
    expect(given.status, given.text).toBe(200)
    expect(given.text).toContain('paid')
  })

  it('does not share its idempotency keys', async () => {
    const { a, b, ofA, ofB } = await twoTenants()
    expect(ofB.response).not.toBe(ofA.response)
    const other = await b('POST', '/responses', { input: 'Mine' }, { 'idempotency-key': 'only-of-b' })
    const asA = await a('POST', '/responses', { input: 'Another' }, { 'idempotency-key': 'only-of-b' })
    expect(asA.status).toBe(200)
    expect(idIn(asA)).not.toBe(idIn(other))
    const again = await b('POST', '/responses', { input: 'Mine' }, { 'idempotency-key': 'only-of-b' })
    expect(idIn(again)).toBe(idIn(other))
  })
})

const without = (body: object, name: string): object =>
  Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))

describe('a key', () => {
  it('is asked for on every route but health, and never told', async () => {
    const { url } = await serving(offline(), { keys: KEYS })
    const wrong = 'wrong-key-123456'
    for (const key of [wrong, `${KEYS.a}x`, KEYS.a.slice(0, -1)]) {
      const ask = asker(url, key)
      for (const probe of [
        ...ofResponse('resp_x'),
        ['GET', '/models'],
        ['GET', '/capabilities'],
      ] as Probe[]) {
        const told = await ask(...probe)
        expect(told.status).toBe(401)
        expect(JSON.stringify(told)).not.toContain(key)
      }
    }
    expect((await fetch(`${url}/health`)).status).toBe(200)
    await expect(overSocket(url, wrong, { input: 'x' })).rejects.toThrow('401')
  })

  it('missing altogether keeps the server on this machine', async () => {
    const { serve } = await import('@antiphon/server')
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      const server = serve(offline(), { store: 'memory' })
      await expect(server.listen(0, host)).rejects.toMatchObject({ code: 'invalid_config' })
      await server.close()
    }
  })
})

describe('secrets', () => {
  it('are not in the store, whatever way they came', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-secrets-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const asked: string[] = []
    const model: Model = async (request, sink, context) => {
      asked.push(JSON.stringify(request))
      await offline()(request, sink, context)
    }
    const { url, close } = await serving(Object.assign(model, { modelName: 'm' }), {
      store: join(folder, 'server.db'),
      keys: KEYS,
    })
    const ask = asker(url, KEYS.a)
    const secrets = ['SECRET-HEADER-1', 'SECRET-AUTH-2', 'SECRET-URL-3', 'SECRET-COOKIE-4', KEYS.a]
    const mcp = {
      type: 'mcp',
      server_label: 'tools',
      server_url: `https://me:${secrets[2]}@tools.example/mcp?key=${secrets[2]}`,
      headers: { 'x-api-key': secrets[0] },
      authorization: secrets[1],
    }
    const told: Told[] = []
    for (const more of [
      { tools: [mcp] },
      { tools: [mcp], stream: true },
      { tools: [mcp], background: true },
      {
        input: [
          { type: 'additional_tools', tools: [mcp] },
          { role: 'user', content: 'Go' },
        ],
      },
    ])
      told.push(
        await ask(
          'POST',
          '/responses',
          { input: 'Go', ...more },
          {
            cookie: `s=${secrets[3]}`,
            'idempotency-key': `idem-${told.length}`,
          },
        ),
      )
    for (const { status, text } of told.slice(0, 3)) expect(status, text).toBe(200)
    for (const one of [...told])
      if (one.status === 200 && one.text.startsWith('{')) {
        const { id } = JSON.parse(one.text) as { id: string }
        await expect.poll(async () => (await ask('GET', `/responses/${id}`)).text).toContain('"completed"')
        told.push(await ask('GET', `/responses/${id}`), await ask('GET', `/responses/${id}/input_items`))
        told.push(await ask('GET', `/responses/${id}?stream=true`))
      }
    // They reach the model, and nobody else.
    expect(asked.some((text) => text.includes(secrets[0] as string))).toBe(true)
    await close()
    const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('latin1'))
    for (const secret of secrets) {
      for (const { text, headers } of told) expect(text + JSON.stringify(headers)).not.toContain(secret)
      for (const file of bytes) expect(file.includes(secret)).toBe(false)
    }
    expect(bytes.some((file) => file.includes('tools.example'))).toBe(true)
  })
})

describe('limits', () => {
  /** A model that answers, fails or waits as it is asked to. */
  const moody = (): Model =>
    Object.assign(
      (async (request, sink, context) => {
        const asked = JSON.stringify(request.input)
        if (asked.includes('fail')) throw new Error('It cannot.')
        if (asked.includes('wait'))
          await new Promise((_, reject) => {
            context.onAbort(reject)
          })
        await offline()(request, sink, context)
      }) satisfies Model,
      { modelName: 'moody' },
    )
  const limited = async () => {
    const { url } = await serving(moody(), { keys: KEYS, limits: { concurrency: 1 } })
    return { url, a: asker(url, KEYS.a), b: asker(url, KEYS.b) }
  }
  type Ask = ReturnType<typeof asker>
  const isFree = async (ask: Ask): Promise<void> => {
    await expect.poll(async () => (await ask('POST', '/responses', { input: 'Hello' })).status).toBe(200)
  }

  it('answer 429 with `retry-after`, for their own tenant alone', async () => {
    const { a, b } = await limited()
    const waiting = idIn(await a('POST', '/responses', { input: 'wait', background: true }))
    const over = await a('POST', '/responses', { input: 'Hello' })
    expect(over.status).toBe(429)
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(0)
    expect(JSON.parse(over.text)).toMatchObject({
      error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null },
    })
    expect((await b('POST', '/responses', { input: 'Hello' })).status).toBe(200)
    // Reading costs nothing.
    expect((await a('GET', `/responses/${waiting}`)).status).toBe(200)
    expect((await a('POST', `/responses/${waiting}/cancel`)).status).toBe(200)
    await isFree(a)
  })

  const WAYS: [string, (url: string, ask: Ask) => Promise<unknown>][] = [
    ['success', (_, ask) => ask('POST', '/responses', { input: 'Hello' })],
    ['success in a stream', (_, ask) => ask('POST', '/responses', { input: 'Hello', stream: true })],
    ['success that is not stored', (_, ask) => ask('POST', '/responses', { input: 'Hello', store: false })],
    ['success over a WebSocket', (url) => overSocket(url, KEYS.a, { input: 'Hello' })],
    ['failure', (_, ask) => ask('POST', '/responses', { input: 'fail' })],
    ['failure in a stream', (_, ask) => ask('POST', '/responses', { input: 'fail', stream: true })],
    ['failure in the background', (_, ask) => ask('POST', '/responses', { input: 'fail', background: true })],
    ['a refusal', (_, ask) => ask('POST', '/responses', { input: 'Hello', previous_response_id: 'resp_x' })],
    [
      'an invalid history',
      (_, ask) => ask('POST', '/responses', { input: [{ type: 'item_reference', id: 'x' }] }),
    ],
    [
      'a cancel',
      async (_, ask) => {
        const id = idIn(await ask('POST', '/responses', { input: 'wait', background: true }))
        await ask('POST', `/responses/${id}/cancel`)
      },
    ],
    [
      'a removal',
      async (_, ask) => {
        const id = idIn(await ask('POST', '/responses', { input: 'wait', background: true }))
        await ask('DELETE', `/responses/${id}`)
      },
    ],
    ...[{}, { stream: true }, { stream: true, store: false }].map(
      (more): [string, (url: string) => Promise<unknown>] => [
        `a client that leaves ${JSON.stringify(more)}`,
        async (url) => {
          const controller = new AbortController()
          let isRefused = false
          const start = (): Promise<unknown> =>
            fetch(`${url}/responses`, {
              method: 'POST',
              headers: { authorization: `Bearer ${KEYS.a}`, 'content-type': 'application/json' },
              body: JSON.stringify({ input: 'wait', ...more }),
              signal: controller.signal,
            }).then(
              ({ status }) => {
                isRefused = status === 429
              },
              () => undefined,
            )
          let asked = start()
          await expect
            .poll(async () => {
              // Whoever looks may have had the only place at that moment.
              if (isRefused) {
                isRefused = false
                asked = start()
              }
              return (await asker(url, KEYS.a)('POST', '/responses', { input: 'x' })).status
            })
            .toBe(429)
          controller.abort()
          await asked
        },
      ],
    ),
    [
      'the same request again',
      async (_, ask) => {
        const same = ['POST', '/responses', { input: 'Hello' }, { 'idempotency-key': 'k' }] as const
        const first = await ask(...same)
        expect(idIn(await ask(...same))).toBe(idIn(first))
        await ask('POST', '/responses', { input: 'Another' }, { 'idempotency-key': 'k' })
      },
    ],
  ]
  it.each(WAYS)('are given back after %s', async (_, use) => {
    const { url, a } = await limited()
    for (let n = 0; n < 3; n++) {
      await use(url, a)
      await isFree(a)
    }
  })
})
