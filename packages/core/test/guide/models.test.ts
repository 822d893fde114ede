// The code of docs/guide/models-and-endpoints.md and docs/guide/middleware.md.
import { eventsOf, type Response } from '@antiphon/client'
import {
  agent,
  cached,
  chatCompletions,
  compact,
  fallback,
  fromIterable,
  guard,
  type Middleware,
  offline,
  redact,
  responses,
  retry,
  tool,
  trimHistory,
} from 'antiphon'
import { call, calls, checkLifecycle, collect, fakeUpstream, scripted, text } from 'antiphon/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'

const upstream = async (options: Parameters<typeof fakeUpstream>[0]) => {
  const server = await fakeUpstream(options)
  onTestFinished(() => server.close())
  return server
}

it('a model from a generator', async () => {
  // #region from-iterable
  const parrot = fromIterable(
    async function* ({ input }) {
      const heard = JSON.stringify(input)
      const response: Response = {
        id: 'resp_1',
        object: 'response',
        created_at: 0,
        status: 'completed',
        model: 'parrot',
        output: [
          {
            type: 'message',
            id: 'msg_1',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: `I heard ${heard}`, annotations: [] }],
          },
        ],
      }
      yield* eventsOf(response) // or each event as you have it: created, item added, deltas, item done, completed
    },
    { modelName: 'parrot' },
  )
  // #endregion from-iterable
  const run = agent({ model: parrot }).run('Hello?')
  const events = await collect(run)
  expect((await run.result()).text).toContain('Hello?')
  const wire = events.filter((event) => event.type.startsWith('response.'))
  expect(checkLifecycle(wire as Parameters<typeof checkLifecycle>[0])).toEqual([])
})

it('endpoints', async () => {
  const { url, requests } = await upstream({ answers: () => 'Hello.' })
  // #region endpoints
  const models = [
    responses('gpt-5.4', { baseURL: url, apiKey: 'any', retries: 4, timeouts: { idleMs: 60_000 } }),
    chatCompletions({ baseURL: url, model: 'qwen3' }),
    offline(),
  ]
  // #endregion endpoints
  for (const model of models) expect((await agent({ model }).run('Hello').result()).text).not.toBe('')
  expect(requests.map(({ path }) => path)).toEqual(['/v1/responses', '/v1/chat/completions'])
})

it('settings go out by their wire names', async () => {
  const model = scripted(['Hello.'])
  // #region settings
  const assistant = agent({
    model,
    settings: { temperature: 0.2, reasoning: { effort: 'low' }, store: false, metadata: { team: 'support' } },
  })
  // #endregion settings
  await assistant.run('Hello').result()
  expect(model.requests[0]).toMatchObject({ temperature: 0.2, store: false, metadata: { team: 'support' } })
})

it('an agent as a model', async () => {
  const inner = scripted(['From inside.'])
  // #region as-model
  const writer = agent({ name: 'writer', model: inner, instructions: 'Write plainly.' })
  const editor = agent({ name: 'editor', model: retry(writer.asModel()) })
  // #endregion as-model
  expect((await editor.run('Write.').result()).text).toBe('From inside.')
})

it('middleware of ours', async () => {
  const first = scripted([{ error: new Error('down') }])
  const second = scripted(['The answer.', 'The answer.'])
  // #region use
  const assistant = agent({
    model: fallback([first, second]), // a wrapped model is a model
    use: [
      // the first is the outermost
      redact({ patterns: ['email', 'apiKey'], in: 'both' }),
      guard({ input: ({ text }) => (text.length > 20_000 ? { block: 'too long' } : undefined) }),
      trimHistory({ keepTurns: 40 }),
      compact({ whenTokens: 100_000 }),
      cached(),
      retry({ attempts: 2, baseMs: 10 }),
    ],
  })
  // #endregion use
  const { text: answer, warnings } = await assistant.run('Write to ada@example.com').result()
  expect(answer).toBe('The answer.')
  expect(JSON.stringify(second.requests[0]?.input)).toContain('[redacted email]')
  expect(warnings.some(({ code }) => code === 'middleware')).toBe(true)
})

it('middleware of your own', async () => {
  const model = scripted([calls(call('add', { a: 1, b: 2 })), text('3')])
  const add = tool({
    name: 'add',
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    execute: ({ a, b }) => a + b,
  })
  const lines: string[] = []
  // #region own-middleware
  const log = (write: (line: string) => void): Middleware => ({
    name: 'log',
    model: (next) =>
      Object.assign(
        async (...[request, sink, context]: Parameters<typeof next>) => {
          write(`model call ${context.turn}`)
          await next(request, sink, context)
        },
        { modelName: next.modelName, capabilities: next.capabilities },
      ),
    tool: (next) => (call, context) => {
      write(`${call.name} ${call.arguments}`)
      return next(call, context)
    },
  })
  // #endregion own-middleware
  await agent({ model, tools: [add], use: [log((line) => lines.push(line))] })
    .run('1 + 2?')
    .result()
  expect(lines).toEqual(['model call 0', 'add {"a":1,"b":2}', 'model call 1'])
})
