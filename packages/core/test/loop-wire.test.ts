import { createHash } from 'node:crypto'
import type { InputItem, OutputItem } from '@antiphon/client'
import { agent, type Middleware, responses, type TurnInfo, tool } from 'antiphon'
import {
  call,
  callItem,
  calls,
  type FakeUpstream,
  fakeUpstream,
  messageItem,
  reasoningItem,
  text,
  type UpstreamAnswer,
} from 'antiphon/testing'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { History } from '../src/history/history.ts'

let open: FakeUpstream[] = []
afterEach(async () => {
  await Promise.all(open.map((made) => made.close()))
  open = []
})

const upstream = async (options: Parameters<typeof fakeUpstream>[0]): Promise<FakeUpstream> => {
  const made = await fakeUpstream(options)
  open.push(made)
  return made
}
const at = ({ url }: FakeUpstream) => responses({ baseURL: url, apiKey: 'test', model: 'm' })

const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const ping = tool({ name: 'ping', execute: () => 'pong' })
const echo = tool({ name: 'echo', inputSchema: z.object({ s: z.string() }), execute: ({ s }) => s })

/** The body is JSON as JSON.stringify writes it, and the header tells its true length. */
const checkBytes = ({ requests }: FakeUpstream): void => {
  for (const { text: body, headers } of requests) {
    expect(JSON.stringify(JSON.parse(body))).toBe(body)
    expect(headers['content-length']).toBe(`${Buffer.byteLength(body)}`)
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers.authorization).toBe('Bearer test')
  }
}

const inputs = ({ requests }: FakeUpstream): InputItem[][] =>
  requests.map((request) => request.body.input as InputItem[])

describe('a request', () => {
  it('holds what was set and nothing else', async () => {
    const server = await upstream({ answers: [text('ok')] })
    await agent({ model: at(server) })
      .run('Hi')
      .result()
    expect(server.requests[0]?.body).toEqual({ input: [user('Hi')], model: 'm', stream: true })
    checkBytes(server)
  })

  it('says strict of every function, true or false', async () => {
    const loose = tool({ name: 'loose', inputSchema: z.record(z.string(), z.number()), execute: () => 1 })
    const own = tool({
      name: 'own',
      inputSchema: z.object({ a: z.string() }),
      strict: false,
      execute: () => 1,
    })
    const server = await upstream({ answers: [text('ok')] })
    await agent({ model: at(server), tools: [ping, echo, loose, own] })
      .run('Hi')
      .result()
    const { body } = server.requests[0] ?? {}
    expect(Object.keys(body ?? {}).sort()).toEqual(['input', 'model', 'stream', 'tools'])
    expect(
      body?.tools?.map((made) => [(made as { name: string }).name, (made as { strict?: unknown }).strict]),
    ).toEqual([
      ['ping', true],
      ['echo', true],
      ['loose', false],
      ['own', false],
    ])
  })

  it('is whole after many turns, and its headers stay the same', async () => {
    const turns = 40
    const words = Array.from({ length: turns }, (_, n) => `${'é漢😀\u2028"\\\n'.repeat(n)}${n}`)
    const answers = (_request: unknown, n: number) =>
      n < turns ? calls(call('echo', { s: words[n] })) : text('Done.')
    const server = await upstream({ answers })
    const result = await agent({
      model: at(server),
      tools: [echo],
      instructions: 'Ünï',
      limits: { turns: 99 },
    })
      .run('Gö')
      .result()
    checkBytes(server)
    const sent = inputs(server)
    expect(sent.at(-1)).toEqual(result.history.slice(0, -1))
    for (const [n, input] of sent.entries()) expect(input).toEqual(result.history.slice(0, 1 + 2 * n))
    const headers = server.requests.map(({ headers: { 'content-length': _, ...rest } }) => rest)
    expect(headers.every((each) => JSON.stringify(each) === JSON.stringify(headers[0]))).toBe(true)
  })

  it('of one turn does not show in the next what was set for that turn alone', async () => {
    const server = await upstream({ answers: [calls(call('ping')), calls(call('ping')), text('ok')] })
    const prepareTurn = ({ turn }: TurnInfo) =>
      [
        { settings: { temperature: 0.5, top_p: 1 } },
        { settings: { temperature: 0.7, metadata: { a: 'b' } } },
      ][turn]
    await agent({ model: at(server), tools: [ping], prepareTurn })
      .run('Hi')
      .result()
    checkBytes(server)
    expect(
      server.requests.map(({ body: { temperature, top_p, metadata } }) => [temperature, top_p, metadata]),
    ).toEqual([
      [0.5, 1, undefined],
      [0.7, undefined, { a: 'b' }],
      [undefined, undefined, undefined],
    ])
  })

  it('does not take a parameter that is undefined for one that was set before', async () => {
    const server = await upstream({ answers: [calls(call('ping')), text('ok')] })
    const prepareTurn = ({ turn }: TurnInfo) => ({
      settings: turn === 0 ? { top_p: 0.5 } : { temperature: undefined },
    })
    await agent({ model: at(server), tools: [ping], prepareTurn: prepareTurn as never })
      .run('Hi')
      .result()
    expect(server.requests.map(({ body }) => body.top_p)).toEqual([0.5, undefined])
  })
})

describe('whatever text goes through a run', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 40 })
  it('arrives as it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyText, { minLength: 1, maxLength: 6 }),
        anyText,
        fc.constantFrom('whole', 'last', 'copied'),
        async (words, instructions, input) => {
          const answers: UpstreamAnswer[] = [...words.map((s) => calls(call('echo', { s }))), text('Done.')]
          const server = await upstream({ answers })
          const overrides = {
            whole: () => undefined,
            last: ({ history }: TurnInfo) => ({ input: history.slice(-2) }),
            copied: ({ history }: TurnInfo) => ({ input: [...history] }),
          }
          const prepareTurn = overrides[input as 'whole'] as (info: TurnInfo) => undefined
          const run = agent({ model: at(server), tools: [echo], instructions, prepareTurn }).run(
            words.join(''),
          )
          const { history } = await run.result()
          checkBytes(server)
          for (const [n, sent] of inputs(server).entries()) {
            const before = history.slice(0, 1 + 2 * n)
            expect(sent).toEqual(JSON.parse(JSON.stringify(input === 'last' ? before.slice(-2) : before)))
          }
          await server.close()
        },
      ),
      { numRuns: 25 },
    )
  })

  it('is in the growing buffer what JSON.stringify makes of it, over every edit', () => {
    const item = fc.record({ type: fc.constant('message'), role: fc.constant('user'), content: anyText })
    const items = fc.array(item, { maxLength: 5 })
    const op = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), items }),
      fc.record({ kind: fc.constant('replace' as const), at: fc.nat(20), items }),
      fc.record({ kind: fc.constant('body' as const), rest: fc.record({ model: anyText, n: fc.integer() }) }),
    )
    fc.assert(
      fc.property(fc.array(op, { maxLength: 20 }), (ops) => {
        const history = new History({ stateless: false })
        const whole: unknown[] = []
        for (const step of ops) {
          if (step.kind === 'append') {
            history.append(...(step.items as InputItem[]))
            whole.push(...step.items)
          } else if (step.kind === 'replace') {
            const index = Math.min(step.at, whole.length)
            history.replaceFrom(index, step.items as InputItem[])
            whole.splice(index, whole.length, ...step.items)
          } else {
            const bytes = history.body(JSON.stringify(step.rest))
            expect(Buffer.from(bytes).toString()).toBe(JSON.stringify({ input: whole, ...step.rest }))
          }
        }
        expect(history.items).toEqual(whole)
      }),
    )
  })
})

describe('items on the wire', () => {
  const long = 'c'.repeat(65)
  const hashed = `call_${createHash('sha256').update(long).digest('hex').slice(0, 48)}`
  const LONG = { items: [callItem('ping', {}, long)] }
  const steps: UpstreamAnswer[] = [LONG, text('ok')]

  it('have call ids of 64 characters at most, the same for a call and its output', async () => {
    const server = await upstream({ answers: steps })
    const result = await agent({ model: at(server), tools: [ping] })
      .run('Hi')
      .result()
    checkBytes(server)
    expect(inputs(server)[1]).toMatchObject([
      {},
      { type: 'function_call', call_id: hashed },
      { type: 'function_call_output', call_id: hashed },
    ])
    expect(hashed.length).toBeLessThanOrEqual(64)
    expect(result.history).toMatchObject([{}, { call_id: long }, { call_id: long }, {}])
  })

  it('have them also when a hook sends another list, or only what is new goes out', async () => {
    for (const options of [
      { prepareTurn: ({ history }: TurnInfo) => ({ input: [...history] }) },
      { state: 'server' as const },
    ]) {
      const server = await upstream({ answers: steps })
      await agent({ model: at(server), tools: [ping], ...options })
        .run('Hi')
        .result()
      expect(inputs(server)[1]?.at(-1)).toMatchObject({ call_id: hashed })
    }
  })

  it('of a local shell are tied together, too', () => {
    const history = new History({ stateless: false })
    history.append(
      { type: 'local_shell_call', id: 'ls_1', call_id: long, status: 'completed', action: {} } as never,
      { type: 'local_shell_call_output', id: long, output: 'ok' } as never,
    )
    const { input } = JSON.parse(Buffer.from(history.body('{"model":"m"}')).toString())
    expect(input).toMatchObject([{ id: 'ls_1', call_id: hashed }, { id: hashed }])
  })

  const odd: OutputItem = { ...messageItem('Mine.', { id: 'msg_9' }), created_by: 'me' } as never

  it('lose created_by, which servers refuse', async () => {
    const server = await upstream({ answers: [{ items: [odd], calls: [call('ping')] }, text('ok')] })
    const result = await agent({ model: at(server), tools: [ping] })
      .run('Hi')
      .result()
    expect(server.requests[1]?.text).not.toContain('created_by')
    expect(JSON.stringify(result.history)).toContain('created_by')
    checkBytes(server)
  })

  it('are sent with ids and reasoning as they came when the server keeps them', async () => {
    const server = await upstream({ answers: [{ reasoning: 'Hm.', calls: [call('ping')] }, text('ok')] })
    const result = await agent({ model: at(server), tools: [ping] })
      .run('Hi')
      .result()
    expect(inputs(server)[1]).toEqual(result.history.slice(0, -1))
  })

  it('lose their ids, and reasoning nobody could read, when nothing is stored', async () => {
    const sealed = reasoningItem({ id: 'rs_1' })
    const { encrypted_content: _, ...open } = reasoningItem({ id: 'rs_2' })
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      name: 'x',
      server_label: 's',
      arguments: '{}',
    }
    const response = { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true }
    const items = [sealed, open, messageItem('Mine.'), callItem('ping', {}, 'c1')] as OutputItem[]
    const server = await upstream({ answers: [{ items }, text('ok')] })
    const assistant = agent({ model: at(server), tools: [ping], settings: { store: false } })
    const result = await assistant.run([request, response, user('Hi')] as InputItem[]).result()
    checkBytes(server)
    const sent = inputs(server)[1] as { id?: string; type?: string }[]
    expect(sent.map(({ type, id }) => [type, id])).toEqual([
      ['mcp_approval_request', 'mcpr_1'],
      ['mcp_approval_response', undefined],
      ['message', undefined],
      ['reasoning', undefined],
      ['message', undefined],
      ['function_call', undefined],
      ['function_call_output', undefined],
    ])
    expect(result.history.map((item) => (item as { id?: string }).id)).toContain('rs_2')
  })

  it('of which the server numbers each response anew go out with one id once', async () => {
    const step = (n: number) => ({ items: [callItem('ping', {}, `c${n}`, { id: 'fc_0' })] })
    const server = await upstream({ answers: [step(1), step(2), text('ok')] })
    const result = await agent({ model: at(server), tools: [ping] })
      .run('Hi')
      .result()
    const ids = (inputs(server)[2] as { id?: string }[]).flatMap(({ id }) => (id === undefined ? [] : [id]))
    expect(ids).toEqual(['fc_0'])
    expect(result.toolCalls).toBe(2)
  })
})

describe('reasoning of another key or region', () => {
  const body = {
    error: { message: 'Cannot decrypt.', code: 'invalid_encrypted_content', type: 'invalid_request_error' },
  }
  const foreign = (request: { text: string }) =>
    request.text.includes('encrypted_content') ? { status: 400, body } : undefined

  it('is left out once it was refused, and from then on', async () => {
    const server = await upstream({
      answers: [
        { reasoning: 'Hm.', calls: [call('ping')] },
        { reasoning: 'Hm again.', calls: [call('ping')] },
        text('ok'),
      ],
      faults: foreign,
    })
    const result = await agent({ model: at(server), tools: [ping] })
      .run('Hi')
      .result()
    expect(result.text).toBe('ok')
    checkBytes(server)
    const kinds = inputs(server).map((input) => input.map((item) => item.type))
    expect(kinds).toEqual([
      ['message'],
      ['message', 'reasoning', 'function_call', 'function_call_output'],
      ['message', 'function_call', 'function_call_output'],
      ['message', 'function_call', 'function_call_output', 'function_call', 'function_call_output'],
    ])
    expect(result.history.filter((item) => item.type === 'reasoning')).toHaveLength(2)
    expect(inputs(server)[2]?.[1]).not.toHaveProperty('id')
  })

  it('is not the run of another: it sends its own', async () => {
    const server = await upstream({ answers: () => text('ok'), faults: foreign })
    const assistant = agent({ model: at(server) })
    const history = [user('Hi'), reasoningItem(), messageItem('Hello.'), user('And?')] as InputItem[]
    await assistant.run(history).result()
    await assistant.run([user('Hi')]).result()
    await assistant.run(history).result()
    expect(server.requests.map((request) => request.text.includes('encrypted_content'))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ])
  })

  it('that is refused again fails the run', async () => {
    const server = await upstream({ answers: [text('no')], faults: { status: 400, body } })
    await expect(
      agent({ model: at(server) })
        .run('Hi')
        .result(),
    ).rejects.toMatchObject({ name: 'RunError' })
    expect(server.requests).toHaveLength(2)
  })
})

describe('a middleware that changes the input', () => {
  it('has its list written by the same rules', async () => {
    const long = 'c'.repeat(70)
    const mask: Middleware = {
      name: 'mask',
      model: (next) => (request, sink, context) => {
        const input = (request.input as InputItem[]).map((item) =>
          item.type === 'function_call_output' ? { ...item, output: 'masked' } : item,
        )
        return next({ ...request, input }, sink, context)
      },
    }
    const server = await upstream({ answers: [{ items: [callItem('ping', {}, long)] }, text('ok')] })
    const assistant = agent({ model: at(server), tools: [ping], use: [mask], settings: { store: false } })
    const result = await assistant.run('Hi').result()
    checkBytes(server)
    const sent = inputs(server)[1] as { id?: string; call_id?: string; output?: string }[]
    expect(sent[2]).toMatchObject({ output: 'masked' })
    expect(sent[1]?.call_id).toBe(sent[2]?.call_id)
    expect(sent[1]?.call_id?.length).toBeLessThanOrEqual(64)
    expect(sent[1]).not.toHaveProperty('id')
    expect(JSON.stringify(result.history)).toContain('pong')
  })
})
