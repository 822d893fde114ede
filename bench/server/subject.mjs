// One server, in a process of its own: `bare` is node:http that writes the very bytes, `antiphon` is serve() over a model that answers at once, and over an
// agent that calls one tool and answers.
//   node subject.mjs bare|antiphon [store]      prints its port; answers `GET /usage` with CPU, memory and counters
import { createServer } from 'node:http'
import { memoryUsage } from 'node:process'

const [kind, store = 'memory'] = process.argv.slice(2)
globalThis.gc ??= () => undefined

const usage = () => {
  globalThis.gc()
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000, rss: memoryUsage.rss() }
}

const base = { id: 'resp_bench', object: 'response', created_at: 0, model: 'bench', status: 'completed' }
const message = (text) => ({
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
})

/** Wire events of an answer of so many deltas. */
const eventsOf = (deltas) => {
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] }
  const at = { item_id: 'msg_bench', output_index: 0, content_index: 0 }
  const text = 'token '.repeat(deltas)
  const item = message(text)
  return [
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    },
    { type: 'response.content_part.added', ...at, part },
    ...Array.from({ length: deltas }, () => ({
      type: 'response.output_text.delta',
      ...at,
      delta: 'token ',
      logprobs: [],
    })),
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part: item.content[0] },
    { type: 'response.output_item.done', output_index: 0, item },
    {
      type: 'response.completed',
      response: {
        ...base,
        output: [item],
        usage: { input_tokens: 1, output_tokens: deltas, total_tokens: deltas + 1 },
      },
    },
  ]
}
const known = new Map()
const eventsFor = (deltas) => {
  if (!known.has(deltas)) known.set(deltas, eventsOf(deltas))
  return known.get(deltas)
}
/** The last word of the question says how many deltas the answer has. */
const deltasOf = (text) => Number(/(\d+)$/.exec(text)?.[1] ?? 2)

const call = {
  id: 'fc_bench',
  type: 'function_call',
  call_id: 'call_bench',
  name: 'weather',
  arguments: '{"city":"Oslo"}',
  status: 'completed',
}
/** Wire events of an answer that is a call. */
const callEvents = [
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...call, status: 'in_progress', arguments: '' },
  },
  {
    type: 'response.function_call_arguments.delta',
    item_id: call.id,
    output_index: 0,
    delta: call.arguments,
  },
  {
    type: 'response.function_call_arguments.done',
    item_id: call.id,
    output_index: 0,
    name: call.name,
    arguments: call.arguments,
  },
  { type: 'response.output_item.done', output_index: 0, item: call },
  {
    type: 'response.completed',
    response: { ...base, output: [call], usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } },
  },
]

if (kind === 'bare') {
  const frames = (deltas) => [
    ...eventsFor(deltas).map(
      (event, n) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: n })}\n\n`,
    ),
    'data: [DONE]\n\n',
  ]
  const bytes = new Map()
  /** A stream that the measuring side has seen of the other server. */
  let given = []
  const server = createServer((request, response) => {
    if (request.url === '/usage') return void response.end(JSON.stringify(usage()))
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (request.url === '/bytes') {
        given = body.split(/(?<=\n\n)/)
        return void response.end()
      }
      const { model, input, stream } = JSON.parse(body)
      if (model === 'clerk') {
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
        for (const frame of given) response.write(frame)
        return void response.end()
      }
      const question = typeof input === 'string' ? input : input.at(-1).content
      const deltas = deltasOf(question)
      if (!bytes.has(deltas))
        bytes.set(deltas, {
          frames: frames(deltas),
          json: JSON.stringify({ ...base, output: [message('token '.repeat(deltas))] }),
        })
      const known = bytes.get(deltas)
      if (stream) {
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
        for (const frame of known.frames) response.write(frame)
        response.end()
      } else {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(known.json)
      }
    })
  })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
} else {
  const { serve } = await import('@antiphon/server')
  const { agent, tool } = await import('antiphon')
  const { z } = await import('zod')
  const model = async (request, sink, context) => {
    const question = request.input.at(-1)
    const text = typeof question.content === 'string' ? question.content : question.content[0].text
    if (text === 'wait') return new Promise((_, reject) => context.onAbort(reject))
    for (const event of eventsFor(deltasOf(text))) sink(event)
  }
  model.modelName = 'bench'
  const calling = async (request, sink) => {
    const isAnswered = request.input.at(-1).type === 'function_call_output'
    for (const event of isAnswered ? eventsFor(2) : callEvents) sink(event)
  }
  const inputSchema = z.object({ city: z.string() })
  const execute = ({ city }) => `${city}: 16 degrees`
  const weather = tool({ name: 'weather', inputSchema, effect: 'read', execute })
  const clerk = agent({ name: 'clerk', model: calling, tools: [weather] })
  const server = serve({ bench: model, clerk }, { store, keepAliveMs: 60_000 })
  const { port } = await server.listen(0)
  const side = createServer((_, response) => response.end(JSON.stringify(usage())))
  side.listen(0, '127.0.0.1', () => console.log(`${port} ${side.address().port}`))
}
