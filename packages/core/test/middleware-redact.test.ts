import type { InputItem } from '@antiphon/client'
import { agent, type Model, redact, responses, ToolFailed, tool, toolOutput } from 'antiphon'
import { call, calls, fakeUpstream, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { callModel } from './call-model.ts'

const redacting = (model: Model, options?: Parameters<typeof redact>[0]): Model =>
  redact(options).model?.(model) as Model

const sentFor = async (
  input: string | InputItem[],
  options?: Parameters<typeof redact>[0],
): Promise<unknown> => {
  const model = scripted([text('ok')])
  await callModel(redacting(model, options), { input })
  return model.requests[0]?.input
}

describe('what redact knows by name', () => {
  it.each([
    ['Write to jane.doe+x@mail.example.co.uk now', 'Write to [redacted email] now'],
    ['card 4242 4242 4242 4242, thanks', 'card [redacted creditCard], thanks'],
    ['5500-0000-0000-0004', '[redacted creditCard]'],
    ['key sk-proj-abcdefghij0123456789', 'key [redacted apiKey]'],
    ['AKIAIOSFODNN7EXAMPLE and ghp_abcdefghijklmnopqrst12345', '[redacted apiKey] and [redacted apiKey]'],
    ['Authorization: Bearer abc.def-123456', 'Authorization: Bearer [redacted bearer]'],
  ])('replaces it in %j', async (given, expected) => {
    expect(await sentFor(given)).toBe(expected)
  })

  it.each([
    'at 12 @ noon, a@b, @name',
    'order 4242 4242 4242 4243 has another check digit',
    'phone +49 170 1234567, 2026-11-22T10:00:00.000Z',
    '3.14159265358979323846',
    'task-force sk-1 ghp_ bearer of bad news',
  ])('leaves %j alone', async (given) => {
    expect(await sentFor(given)).toBe(given)
  })

  it('takes no longer for a text that is made to be slow', async () => {
    const hostile = `${'a.'.repeat(50_000)}@${'b.'.repeat(50_000)} ${'1 '.repeat(50_000)} ${'eyJ'.repeat(20_000)}`
    expect(await sentFor(hostile)).toBe(hostile)
  }, 10_000)

  it('takes expressions and functions of yours', async () => {
    expect(await sentFor('a1 b2', { patterns: [/\d/] })).toBe('a[redacted] b[redacted]')
    expect(await sentFor('a1', { patterns: (given) => given.toUpperCase() })).toBe('A1')
    expect(() => redact({ patterns: ['phone' as 'email'] })).toThrow(
      /names \(email, creditCard, apiKey, bearer\)/,
    )
  })
})

describe('redact on the way to the model', () => {
  const mail = tool({
    name: 'mail',
    effect: 'read',
    inputSchema: z.object({ to: z.string() }),
    execute: ({ to }) => ({ sent: to, from: 'me@example.com' }),
  })

  it('replaces secrets in instructions, messages, arguments and outputs, and leaves history and events verbatim', async () => {
    const model = scripted([calls(call('mail', { to: 'joe@example.com' })), text('Sent to joe@example.com')])
    const run = agent({
      model,
      tools: [mail],
      instructions: 'Copy boss@example.com.',
      use: [redact()],
      settings: { prompt: { id: 'p', variables: { who: 'x@example.com' } } },
    }).run('Mail joe@example.com')
    const outputs: unknown[] = []
    run.on('tool.ended', ({ output }) => outputs.push(output.output))
    const result = await run.result()
    expect(JSON.stringify(model.requests)).not.toContain('@example')
    expect(model.requests[1]?.instructions).toBe('Copy [redacted email].')
    expect(model.requests[1]?.prompt).toEqual({ id: 'p', variables: { who: '[redacted email]' } })
    expect(model.requests[1]?.input).toMatchObject([
      { content: 'Mail [redacted email]' },
      { arguments: '{"to":"[redacted email]"}', call_id: 'call_1' },
      { output: '{"sent":"[redacted email]","from":"[redacted email]"}' },
    ])
    expect(result.text).toBe('Sent to joe@example.com')
    expect(JSON.stringify(result.history)).toContain('Mail joe@example.com')
    expect(outputs).toEqual(['{"sent":"joe@example.com","from":"me@example.com"}'])
  })

  it('leaves what only a server can read, ids, and pictures as they are', async () => {
    const items = [
      {
        type: 'reasoning',
        id: 'a@b.example',
        summary: [{ type: 'summary_text', text: 'a@b.example' }],
        encrypted_content: 'a@b.example',
      },
      { type: 'compaction', id: 'cmp', encrypted_content: 'a@b.example' },
      {
        type: 'message',
        role: 'user',
        content: [{ type: 'input_image', image_url: 'https://a@b.example/4242424242424242' }],
      },
      { type: 'function_call', call_id: 'a@b.example', name: 'x', arguments: '{}' },
    ] as InputItem[]
    expect(await sentFor(items)).toEqual(items)
  })

  it('replaces text inside parts, and in answers of the model that come back', async () => {
    const items = [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'I am a@b.example' }] },
      {
        type: 'message',
        role: 'assistant',
        id: 'msg',
        status: 'completed',
        content: [{ type: 'output_text', text: 'You are a@b.example', annotations: [] }],
      },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'a@b.example' }] },
    ] as InputItem[]
    expect(JSON.stringify(await sentFor(items))).toBe(
      JSON.stringify(items).replaceAll('a@b.example', '[redacted email]'),
    )
    expect(JSON.stringify(items)).toContain('a@b.example')
  })

  it('sends the very request when there is nothing to replace', async () => {
    let sent: unknown
    const model: Model = async (request, sink, context) => {
      sent = request
      await scripted([text('ok')])(request, sink, context)
    }
    const request = { input: [{ role: 'user' as const, content: 'Hi' }], instructions: 'Be brief.' }
    await callModel(redacting(model), request)
    expect(sent).toBe(request)
  })

  it('looks through each item once, however many turns there are', async () => {
    const seen: string[] = []
    const patterns = (given: string): string => {
      seen.push(given)
      return given.replace('secret', '***')
    }
    const turns = 20
    const model = scripted([
      ...Array.from({ length: turns }, () => calls(call('mail', { to: 'joe' }))),
      text('Done'),
    ])
    await agent({ model, tools: [mail], use: [redact({ patterns })] })
      .run('the secret')
      .result()
    expect(seen.filter((given) => given === 'the secret')).toHaveLength(1)
    // Arguments and output of each call.
    expect(seen).toHaveLength(1 + 2 * turns)
    expect(model.requests.at(-1)?.input).toHaveLength(1 + 2 * turns)
    expect(model.requests.at(-1)?.input?.[0]).toMatchObject({ content: 'the ***' })
  })

  it('keeps secrets from the compaction of the endpoint, too', async () => {
    const compacted: unknown[] = []
    const model = Object.assign(scripted([]), {
      compact: async (request: unknown) => {
        compacted.push(request)
        return []
      },
    })
    await redacting(model).compact?.(
      { input: 'I am a@b.example' },
      { onAbort: () => undefined, signal: new AbortController().signal },
    )
    expect(compacted).toEqual([{ input: 'I am [redacted email]' }])
  })

  it('keeps secrets off the wire, in every byte of every request', async () => {
    await using upstream = await fakeUpstream({
      answers: [{ calls: [{ name: 'mail', arguments: { to: 'joe@example.com' } }] }, 'Done'],
    })
    const model = responses('m', { baseURL: upstream.url, apiKey: 'k' })
    const assistant = agent({ model, tools: [mail], use: [redact()], settings: { store: false } })
    await assistant.run('Mail joe@example.com').result()
    expect(upstream.requests).toHaveLength(2)
    for (const { text: sent } of upstream.requests) expect(sent).not.toContain('@example')
    // What is sent in the place of the history is written as the history would be: without ids when nothing is stored.
    expect(upstream.requests[1]?.body.input).toMatchObject([
      {},
      { type: 'function_call' },
      { type: 'function_call_output' },
    ])
    expect(upstream.requests[1]?.body.input?.[1]).not.toHaveProperty('id')
  })
})

describe('redact at the source', () => {
  const resultOf = async (
    execute: () => unknown,
    options: Parameters<typeof redact>[0] = { in: 'output' },
  ) => {
    const model = scripted([calls(call('look')), text('Done')])
    const run = agent({
      model,
      tools: [tool({ name: 'look', effect: 'read', execute })],
      use: [redact(options)],
    }).run('a@b.example')
    const ended: unknown[] = []
    run.on('tool.ended', (event) => ended.push(event))
    const { history } = await run.result()
    return {
      output: (history[2] as { output: unknown }).output,
      ended: JSON.stringify(ended),
      sent: JSON.stringify(model.requests),
    }
  }

  it('replaces secrets in what a tool returned before anybody sees it', async () => {
    const { output, ended, sent } = await resultOf(() => ({ to: 'a@b.example', list: ['c@d.example', 7] }))
    expect(output).toBe('{"to":"[redacted email]","list":["[redacted email]",7]}')
    expect(ended).not.toContain('.example')
    // The user's own text is not its business here.
    expect(sent).toContain('a@b.example')
  })

  it('covers text, details, maps, generators and errors', async () => {
    expect((await resultOf(() => 'a@b.example')).output).toBe('[redacted email]')
    const branded = await resultOf(() =>
      toolOutput({ content: 'a@b.example', details: { raw: 'a@b.example' } }),
    )
    expect(branded.output + branded.ended).not.toContain('.example')
    expect((await resultOf(() => new Map([['who', 'a@b.example']]))).output).toBe(
      '{"who":"[redacted email]"}',
    )
    expect(
      (
        await resultOf(async function* () {
          yield 'half'
          return 'a@b.example'
        })
      ).output,
    ).toBe('[redacted email]')
    const failed = await resultOf(() => {
      throw new ToolFailed('no mailbox a@b.example')
    })
    expect(failed.output).toBe(
      'Error: no mailbox [redacted email]\nThis cannot succeed: do not call it again.',
    )
  })

  it('leaves an error that others hold as it is', async () => {
    const held = Object.freeze(new ToolFailed('no mailbox a@b.example'))
    const { output } = await resultOf(() => Promise.reject(held))
    expect(output).toContain('no mailbox [redacted email]\nThis cannot succeed')
    expect(held.message).toBe('no mailbox a@b.example')
    expect((await resultOf(() => Promise.reject('a@b.example'))).output).toBe('Error: [redacted email]')
  })

  it('leaves the value itself when there is nothing to replace', async () => {
    const when = new Date(0)
    expect((await resultOf(() => ({ when }))).output).toBe('{"when":"1970-01-01T00:00:00.000Z"}')
    expect((await resultOf(() => undefined)).output).toBe('(no output)')
    expect((await resultOf(() => null)).output).toBe('null')
  })

  it('does not show a value that JSON cannot say', async () => {
    const loop: Record<string, unknown> = { who: 'a@b.example' }
    loop.self = loop
    const { output, ended } = await resultOf(() => loop)
    expect(output).toMatch(/^Error: the tool ran, but what it returned cannot be written as JSON/)
    expect(ended).not.toContain('.example')
  })

  it('does both when it is told so', async () => {
    const { output, sent } = await resultOf(() => 'c@d.example', { in: 'both' })
    expect(output).toBe('[redacted email]')
    expect(sent).not.toContain('.example')
  })
})
