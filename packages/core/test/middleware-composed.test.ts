import { ApiError, type InputItem, type ResponseEvent } from '@antiphon/client'
import {
  agent,
  cached,
  compact,
  fallback,
  guard,
  type Model,
  redact,
  retry,
  tool,
  trimHistory,
  validateItems,
} from 'antiphon'
import { collect, type ScriptStep, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { typesOf } from './call-model.ts'

const down = new ApiError('server_error', 'Down.', { status: 503, retryable: true })
const lookUp = tool({
  name: 'look_up',
  effect: 'read',
  inputSchema: z.object({ n: z.number() }),
  execute: ({ n }) => `entry ${n}: person${n}@example.com, ${'and more '.repeat(20)}`,
})
const turns = 30

/** Looks up entry after entry; every fourth call fails first, and one model is gone from the tenth on. */
const steps = (name: string, gone: number): ScriptStep[] =>
  Array.from({ length: 200 }, (_, k) => {
    if (k >= gone) return { error: down }
    if (k % 4 === 3) return { error: down }
    return (
      request,
    ): ScriptStep extends infer Step ? Exclude<Step, (...args: never[]) => unknown> : never => {
      const input = request.input as InputItem[]
      if (request.tools === undefined)
        return text(`Notes by ${name}.`, { usage: { input_tokens: 5, output_tokens: 5 } })
      const done = input.filter(({ type }) => type === 'function_call_output').length
      const last = input.findLast((item) => item.type === 'function_call') as
        | { arguments?: string }
        | undefined
      const n = last?.arguments === undefined ? 0 : (JSON.parse(last.arguments) as { n: number }).n + 1
      if (n >= turns) return text('All looked up.')
      return {
        reasoning: `${name} ${n}`,
        calls: [{ name: 'look_up', arguments: { n }, callId: `${name}_${n}` }],
        usage: { input_tokens: 100 * done, output_tokens: 1 },
      }
    }
  })

describe('all middleware at once', () => {
  it('runs through failures, a switch of models, compactions and trims, and sends only what a server takes', async () => {
    const first = scripted(steps('a', 10), { modelName: 'a' })
    const second = scripted(steps('b', 200), { modelName: 'b' })
    const checked: string[] = []
    const looking = agent({
      model: first,
      tools: [lookUp],
      limits: { turns: 100 },
      use: [
        guard({
          input: ({ text: asked }) => {
            checked.push(asked)
            return true
          },
          output: ({ text: said }) => (said.includes('@') ? { block: 'an address' } : true),
          tool: { after: () => 'allow' },
        }),
        cached(),
        compact({ whenTokens: 1_000, keepTurns: 3, by: 'summary' }),
        trimHistory({ keepTurns: 12 }),
        redact(),
        retry({ baseMs: 0, attempts: 2 }),
        fallback(second),
      ],
    })
    const run = looking.run('Look up everyone; mail boss@example.com.')
    const events: ResponseEvent[] = (await collect(run)) as ResponseEvent[]
    const result = await run.result()
    expect(result.text).toBe('All looked up.')
    expect(result.toolCalls).toBe(turns)
    expect(checked).toEqual(['Look up everyone; mail boss@example.com.'])

    const requests = [...first.requests, ...second.requests]
    for (const { input } of requests) expect(validateItems(input as InputItem[])).toEqual([])
    expect(JSON.stringify(requests)).not.toContain('@example')
    const sizes = requests.map(({ input }) => (input as InputItem[]).length)
    expect(Math.max(...sizes)).toBeLessThan(45)
    // Nothing that a sealed is sent to b.
    expect(JSON.stringify(second.requests.map(({ input }) => input))).not.toMatch(
      /"summary":\[\{[^}]*"text":"a \d+"/,
    )

    // The run's own record is whole and verbatim.
    expect(validateItems(result.history)).toEqual([])
    expect(result.history.filter(({ type }) => type === 'function_call_output')).toHaveLength(turns)
    expect(JSON.stringify(result.history)).toContain(`person${turns - 1}@example.com`)
    const said = result.warnings.map(({ message }) => message)
    expect(said.some((message) => message.startsWith('compact: '))).toBe(true)
    expect(said.some((message) => message.startsWith('fallback: a failed, b is asked'))).toBe(true)
    expect(typesOf(events).filter((type) => type === 'response.completed')).toHaveLength(turns + 1)

    // The same run again, from memory alone.
    const before = requests.length
    const again = await looking.run('Look up everyone; mail boss@example.com.').result()
    expect(again.items).toEqual(result.items)
    expect(first.requests.length + second.requests.length).toBe(before)
  })

  it('leaves the request and the events alone when there is nothing to do', async () => {
    let sent: unknown
    const input: unknown[] = []
    const watching: Model = async (request, sink, context) => {
      sent = request.input
      input.push(context.input?.items)
      await scripted([text('ok')])(request, sink, context)
    }
    const use = [
      guard({ input: () => true, output: () => true }),
      compact({ whenTokens: 1_000_000 }),
      trimHistory({ keepTurns: 100 }),
      redact(),
      retry(),
      fallback(watching),
    ]
    const plain = typesOf(await collect(agent({ model: scripted([text('ok')]) }).run('Hi')))
    expect(typesOf(await collect(agent({ model: watching, use }).run('Hi')))).toEqual(plain)
    // The very history: so its bytes are those that are there already.
    expect(sent).toBe(input[0])
  })
})
