import { finalText, type InputItem } from '@antiphon/client'
import { agent, GuardError, guard, type InputCheck, type OutputCheck, tool, toolOutput } from 'antiphon'
import { call, calls, collect, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { typesOf } from './call-model.ts'

const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const never = new Promise<never>(() => undefined)

describe('guard of the input', () => {
  it('blocks before anything is sent, with the reason', async () => {
    const model = scripted([text('Not reached')])
    const run = agent({
      model,
      use: [guard({ input: ({ text }) => (/bomb/.test(text) ? { block: 'no bombs' } : true) })],
    }).run('a bomb')
    const error = await run.result().catch((thrown: { cause?: unknown }) => thrown)
    expect(error).toMatchObject({ code: 'guard_blocked', message: expect.stringContaining('no bombs') })
    expect((error as { cause: unknown }).cause).toBeInstanceOf(GuardError)
    expect((error as { cause: unknown }).cause).toMatchObject({
      stage: 'input',
      reason: 'no bombs',
      retryable: false,
    })
    expect(model.requests).toHaveLength(0)
  })

  it('blocks when the check itself fails: what was not allowed is not sent', async () => {
    const model = scripted([text('Not reached')])
    const broken = new TypeError('x is undefined')
    const run = agent({ model, use: [guard({ input: async () => Promise.reject(broken) })] }).run('Hi')
    await expect(run.result()).rejects.toMatchObject({ code: 'guard_blocked', cause: { cause: broken } })
    expect(model.requests).toHaveLength(0)
  })

  it('sees the new messages alone, each once: at the beginning and when one is steered in', async () => {
    const checks: InputCheck[] = []
    const model = scripted([calls(call('look')), calls(call('look')), text('Done')])
    const assistant = agent({
      model,
      tools: [look],
      use: [
        guard({
          input: (check) => {
            checks.push(check)
            return true
          },
        }),
      ],
    })
    const earlier: InputItem[] = [user('before'), { type: 'message', role: 'assistant', content: 'yes' }]
    const run = assistant.run([
      ...earlier,
      user('one'),
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'two' }] },
    ])
    run.once('tool.ended', () => run.steer('three'))
    expect((await run.result()).text).toBe('Done')
    expect(checks.map(({ text }) => text)).toEqual(['one\ntwo', 'three'])
    expect(checks[0]?.items).toHaveLength(2)
  })

  it('checks every run of an agent', async () => {
    let checked = 0
    const model = scripted([text('One'), text('Two')])
    const assistant = agent({
      model,
      use: [
        guard({
          input: () => {
            checked++
            return undefined
          },
        }),
      ],
    })
    await assistant.run('Hi').result()
    await assistant.run('Hi').result()
    expect(checked).toBe(2)
  })

  it('does not keep a cancelled run waiting for a check that hangs', async () => {
    const run = agent({ model: scripted([]), use: [guard({ input: () => never })] }).run('Hi')
    run.on('turn.started', () => setTimeout(() => run.cancel('enough'), 1))
    expect((await run.result()).stop).toMatchObject({ reason: 'cancelled' })
  })
})

describe('guard of the output', () => {
  const refuse = ({ text }: OutputCheck) => (text.includes('secret') ? { block: 'it tells' } : undefined)

  it('fails the run when the answer is blocked, and keeps the answer out of the history', async () => {
    const model = scripted([text('a secret')])
    const run = agent({ model, use: [guard({ output: refuse })] }).run('Hi')
    let shown = ''
    run.on('response.output_text.delta', ({ delta }) => {
      shown += delta
    })
    const error = (await run.result().catch((thrown: unknown) => thrown)) as {
      result: { history: unknown; usage: unknown }
    }
    expect(error).toMatchObject({ code: 'guard_blocked', cause: { stage: 'output', reason: 'it tells' } })
    expect(error.result.history).toEqual([user('Hi')])
    // It was streamed, and it was paid for.
    expect(shown).toBe('a secret')
    expect(error.result.usage).toMatchObject({ totalTokens: 120, requests: 1 })
  })

  it('lets nobody see a blocked answer when it holds it', async () => {
    const run = agent({
      model: scripted([text('a secret')]),
      use: [guard({ output: refuse, hold: true })],
    }).run('Hi')
    const events: unknown[] = []
    run.on('event', (event) => events.push(event))
    const error = await run.result().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'guard_blocked' })
    expect(JSON.stringify(events)).not.toContain('secret')
    expect(JSON.stringify((error as { result: object }).result)).not.toContain('secret')
  })

  it('shows an answer that passes whole and in order, held or not', async () => {
    const streams = [false, true].map(async (hold) => {
      const run = agent({ model: scripted([text('fine')]), use: [guard({ output: refuse, hold })] }).run('Hi')
      return typesOf(await collect(run))
    })
    const [streamed, held] = await Promise.all(streams)
    expect(held).toEqual(streamed)
    expect(held?.at(-3)).toBe('response.completed')
  })

  it('checks the answer, not the remarks beside calls', async () => {
    const texts: string[] = []
    const model = scripted([{ text: 'a secret remark', calls: [{ name: 'look' }] }, text('fine')])
    const output = (check: OutputCheck) => {
      texts.push(check.text)
      return refuse(check)
    }
    const result = await agent({ model, tools: [look], use: [guard({ output, hold: true })] })
      .run('Hi')
      .result()
    expect(result.text).toBe('fine')
    expect(texts).toEqual(['fine'])
  })

  it('checks an answer that was cut off, also one with half a call', async () => {
    const model = scripted([{ text: 'a secret', calls: [{ name: 'look' }], incomplete: 'max_output_tokens' }])
    const run = agent({ model, tools: [look], use: [guard({ output: refuse })] }).run('Hi')
    await expect(run.result()).rejects.toMatchObject({ code: 'guard_blocked' })
  })

  it('reads the text wherever the server put it', async () => {
    const output = {
      type: 'message',
      id: 'm',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'a secret' }],
    }
    const response = {
      id: 'r',
      object: 'response',
      created_at: 1,
      model: 'm',
      status: 'completed',
      output: [],
    }
    const added = { type: 'response.output_item.added', output_index: 0, item: { ...output, content: [] } }
    const delta = {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      item_id: 'm',
      delta: 'a secret',
    }
    for (const events of [
      [{ type: 'response.completed', response: { ...response, output: [output] } }],
      [added, delta, { type: 'response.completed', response }],
      [
        added,
        { type: 'response.output_item.done', output_index: 0, item: output },
        { type: 'response.completed', response },
      ],
    ]) {
      const run = agent({
        model: scripted([{ events: events as never }]),
        use: [guard({ output: refuse })],
      }).run('Hi')
      await expect(run.result()).rejects.toMatchObject({ code: 'guard_blocked' })
    }
  })

  it('leaves a failed response and a stream without an end to the run', async () => {
    const failed = scripted([{ failed: { code: 'server_error', message: 'Broken.' } }])
    await expect(
      agent({ model: failed, use: [guard({ output: refuse })] })
        .run('Hi')
        .result(),
    ).rejects.toMatchObject({ code: 'response_failed' })
    const cut = scripted([{ events: [{ type: 'keepalive' }] }])
    await expect(
      agent({ model: cut, use: [guard({ output: refuse })] })
        .run('Hi')
        .result(),
    ).rejects.toMatchObject({ code: 'stream_truncated' })
  })
})

describe('guard of a tool', () => {
  const remove = tool({
    name: 'remove',
    retries: 2,
    inputSchema: z.object({ path: z.string() }),
    execute: ({ path }) => `removed ${path}`,
  })
  const outputOf = async (guarded: Parameters<typeof guard>[0]['tool'], execute?: () => unknown) => {
    let ran = 0
    const counted = tool({
      name: 'remove',
      retries: 2,
      inputSchema: z.object({ path: z.string() }),
      execute: (input, context) => {
        ran++
        return execute === undefined ? remove.execute?.(input, context) : execute()
      },
    })
    const model = scripted([calls(call('remove', { path: '/etc' })), text('Done')])
    const result = await agent({ model, tools: [counted], use: [guard({ tool: guarded })] })
      .run('Hi')
      .result()
    expect(result.text).toBe('Done')
    return { output: (result.history[2] as { output: unknown }).output, ran }
  }

  it('keeps a call from running, and the model reads why', async () => {
    const seen: unknown[] = []
    const { output, ran } = await outputOf({
      before: ({ name, input }) => {
        seen.push([name, input])
        return { reject: 'not in /etc' }
      },
    })
    expect(seen).toEqual([['remove', { path: '/etc' }]])
    expect(output).toContain('not in /etc')
    expect(ran).toBe(0)
  })

  it.each([['allow'], [undefined]] as const)('lets a call run on %j', async (verdict) => {
    expect(await outputOf({ before: async () => verdict })).toEqual({ output: 'removed /etc', ran: 1 })
  })

  it('rejects, without another try, when the check itself fails', async () => {
    const { output, ran } = await outputOf({
      before: () => {
        throw new Error('policy server down')
      },
    })
    expect(output).toContain('policy server down')
    expect(ran).toBe(0)
  })

  it('replaces an output, sees what the model would see, and can take it away', async () => {
    const seen: unknown[] = []
    const after = (output: unknown) => {
      seen.push(output)
      return { replace: 'something else' }
    }
    expect((await outputOf({ after })).output).toBe('something else')
    expect(
      (await outputOf({ after }, () => toolOutput({ content: 'for the model', details: 'for people' })))
        .output,
    ).toBe('something else')
    expect(seen).toEqual(['removed /etc', 'for the model'])
    const { output, ran } = await outputOf({ after: () => ({ reject: 'not for you' }) })
    expect(output).toContain('not for you')
    expect(output).not.toContain('removed')
    expect(ran).toBe(1)
  })

  it('leaves an output it has nothing against as it is', async () => {
    const content = [{ type: 'input_text', text: 'parts' }]
    expect((await outputOf({ after: () => undefined }, () => toolOutput({ content }))).output).toEqual(
      content,
    )
  })
})

describe('guards together', () => {
  it('nests as any middleware: the first is asked first', async () => {
    const asked: string[] = []
    const asks = (name: string) =>
      guard({
        input: () => {
          asked.push(name)
          return true
        },
      })
    const model = scripted([text('ok')])
    expect(
      finalText(
        (
          await agent({ model, use: [asks('outer'), asks('inner')] })
            .run('Hi')
            .result()
        ).response ?? [],
      ),
    ).toBe('ok')
    expect(asked).toEqual(['outer', 'inner'])
  })
})
