// Fake Responses API upstream. Plain node:http, own process, every response pre-serialised and cached.
//   node upstream.mjs [port]
// The script is the model name:  t{turns}-p{parallel}-d{deltas}[-l{latencyMs}][-s{sliceBytes}][-eager]
//   first `turns` requests of a chain answer with `parallel` function_call items, then one message of `deltas` deltas.
//   The position in the chain = (#function_call_output items in input) / parallel  + turn encoded in previous_response_id.
//   l: ms before the first byte.  s0 (default): every SSE event is an HTTP chunk of its own; s16384: bulk slices.
//   eager: call #1 complete at 0.1 s, call #2 at 0.6 s, response.completed at 1.0 s.
// GET /_log -> [{t,model,turn,bytes}] of the requests since the last GET (kept only for -eager / -log models), GET /_stats -> counters.
import http from 'node:http'

const port = Number(process.argv[2] ?? process.env.PORT ?? 4100)
const stats = { requests: 0, bytesIn: 0, open: 0, peakOpen: 0, errors: [] }
let log = []
const cache = new Map()

const parseModel = (m) => {
  const g = (k, d) => {
    const r = new RegExp(`(?:^|-)${k}(\\d+)(?:-|$)`).exec(m)
    return r ? Number(r[1]) : d
  }
  return {
    turns: g('t', 0),
    parallel: g('p', 1),
    deltas: g('d', 10),
    latency: g('l', 0),
    slice: g('s', 0),
    eager: /(^|-)eager(-|$)/.test(m),
    log: /(^|-)(log|eager)(-|$)/.test(m),
  }
}
const args = (turn, k) => JSON.stringify({ city: 'Paris', i: turn * 100 + k })
const word = (i) => (i % 7 === 6 ? 'lorem.\n' : 'token' + (i % 10) + ' ')
const text = (n) => {
  let s = ''
  for (let i = 0; i < n; i++) s += word(i)
  return s
}
const usage = {
  input_tokens: 120,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 160,
}
const response = (model, turn, status, output) => ({
  id: `resp_${turn}_${model.replace(/\W/g, '')}`,
  object: 'response',
  created_at: 1760000000,
  completed_at: status === 'completed' ? 1760000001 : null,
  status,
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  model,
  output,
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  prompt_cache_retention: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: 'default',
  store: true,
  temperature: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  text: { format: { type: 'text' }, verbosity: 'medium' },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  usage: status === 'completed' ? usage : null,
  user: null,
  metadata: {},
})
const call = (turn, k, status, a) => ({
  id: `fc_${turn}_${k}`,
  type: 'function_call',
  status,
  arguments: a,
  call_id: `call_${turn}_${k}`,
  name: 'get_weather',
})
const message = (turn, status, t) => ({
  id: `msg_${turn}`,
  type: 'message',
  status,
  role: 'assistant',
  content: t === null ? [] : [{ type: 'output_text', annotations: [], logprobs: [], text: t }],
})

// The full event list of one streamed answer.
function events(model, s, turn) {
  let seq = 0
  const out = []
  const ev = (type, o) =>
    out.push(
      Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: seq++, ...o })}\n\n`),
    )
  const marks = {}
  ev('response.created', { response: response(model, turn, 'in_progress', []) })
  ev('response.in_progress', { response: response(model, turn, 'in_progress', []) })
  const items = []
  if (turn < s.turns)
    for (let k = 0; k < s.parallel; k++) {
      const a = args(turn, k),
        item_id = `fc_${turn}_${k}`,
        half = a.length >> 1
      ev('response.output_item.added', { output_index: k, item: call(turn, k, 'in_progress', '') })
      ev('response.function_call_arguments.delta', { item_id, output_index: k, delta: a.slice(0, half) })
      ev('response.function_call_arguments.delta', { item_id, output_index: k, delta: a.slice(half) })
      ev('response.function_call_arguments.done', {
        item_id,
        output_index: k,
        arguments: a,
        name: 'get_weather',
      })
      items.push(call(turn, k, 'completed', a))
      ev('response.output_item.done', { output_index: k, item: items[k] })
      marks[k] = out.length
    }
  else {
    const item_id = `msg_${turn}`,
      t = text(s.deltas),
      at = { item_id, output_index: 0, content_index: 0 }
    ev('response.output_item.added', { output_index: 0, item: message(turn, 'in_progress', null) })
    ev('response.content_part.added', {
      ...at,
      part: { type: 'output_text', annotations: [], logprobs: [], text: '' },
    })
    for (let i = 0; i < s.deltas; i++)
      ev('response.output_text.delta', { ...at, delta: word(i), logprobs: [] })
    ev('response.output_text.done', { ...at, text: t, logprobs: [] })
    items.push(message(turn, 'completed', t))
    ev('response.content_part.done', { ...at, part: items[0].content[0] })
    ev('response.output_item.done', { output_index: 0, item: items[0] })
  }
  ev('response.completed', { response: response(model, turn, 'completed', items) })
  return { out, marks }
}
function answer(model, turn, stream) {
  const key = `${stream ? 's' : 'j'}${turn}|${model}`
  let a = cache.get(key)
  if (a) return a
  const s = parseModel(model)
  turn = Math.min(turn, s.turns)
  if (!stream) {
    const items =
      turn < s.turns
        ? Array.from({ length: s.parallel }, (_, k) => call(turn, k, 'completed', args(turn, k)))
        : [message(turn, 'completed', text(s.deltas))]
    a = { s, turn, json: Buffer.from(JSON.stringify(response(model, turn, 'completed', items))) }
  } else {
    const { out, marks } = events(model, s, turn)
    if (s.eager && turn < s.turns)
      a = {
        s,
        turn,
        parts: [
          [0, out.slice(0, 2)],
          [100, out.slice(2, marks[0])],
          [600, out.slice(marks[0], marks[1])],
          [1000, out.slice(marks[1])],
        ].map(([t, b]) => [t, Buffer.concat(b)]),
      }
    else if (s.slice) {
      const all = Buffer.concat(out),
        sl = []
      for (let i = 0; i < all.length; i += s.slice) sl.push(all.subarray(i, i + s.slice))
      a = { s, turn, chunks: sl }
    } else a = { s, turn, chunks: out }
    // pre-framed: one HTTP chunk per event, written to the socket as one buffer per 64 KB
    if (a.chunks) {
      const fr = Buffer.concat([
        ...a.chunks.flatMap((c) => [Buffer.from(c.length.toString(16) + '\r\n'), c, Buffer.from('\r\n')]),
        Buffer.from('0\r\n\r\n'),
      ])
      a.raw = Buffer.concat([
        Buffer.from(
          'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nConnection: keep-alive\r\nx-request-id: req_1\r\nTransfer-Encoding: chunked\r\n\r\n',
        ),
        fr,
      ])
      a.chunks = null
    }
  }
  cache.set(key, a)
  return a
}
const NEEDLE = Buffer.from('"function_call_output"')
const count = (b) => {
  let n = 0,
    i = -1
  while ((i = b.indexOf(NEEDLE, i + 1)) !== -1) n++
  return n
}
const SSE_HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-request-id': 'req_1',
}

function handle(req, res, body) {
  const t = performance.timeOrigin + performance.now()
  stats.requests++
  stats.bytesIn += body.length
  if (process.env.DUMP) console.error(req.url, body.toString())
  const str = body.length > 400000 ? body.toString('latin1') : body.toString()
  const model = /"model":\s*"([^"]+)"/.exec(str)?.[1].replace(/^openai\//, '') ?? 't0'
  const stream = /"stream":\s*true/.test(str)
  const prev = /"previous_response_id":\s*"resp_(\d+)_/.exec(str)
  const p = parseModel(model).parallel
  const n = count(body)
  const turn = Math.floor(n / p) + (prev ? Number(prev[1]) : 0)
  const a = answer(model, turn, stream)
  if (a.s.log) log.push({ t, model, turn, outputs: n, bytes: body.length })
  const send = () => {
    if (a.json) {
      res.writeHead(200, {
        'content-type': 'application/json',
        'content-length': a.json.length,
        'x-request-id': 'req_1',
      })
      res.end(a.json)
      return
    }
    if (a.parts) {
      res.writeHead(200, SSE_HEAD)
      a.parts.forEach(([ms, b], i) =>
        setTimeout(() => {
          res.write(b)
          if (i === a.parts.length - 1) res.end()
        }, ms),
      )
      return
    }
    // keep-alive raw write: bypass OutgoingMessage, then hand the socket back
    res.useChunkedEncodingByDefault = false
    res._hasBody = false
    res.socket.write(a.raw)
    res._header = ' '
    res._headerSent = true
    res.end()
  }
  a.s.latency ? setTimeout(send, a.s.latency) : send()
}
const server = http.createServer((req, res) => {
  stats.open++
  stats.peakOpen = Math.max(stats.peakOpen, stats.open)
  res.on('close', () => stats.open--)
  if (req.method === 'GET') {
    let o = {}
    if (req.url === '/_log') {
      o = log
      log = []
    } else if (req.url === '/_stats') o = { ...stats, cpu: process.cpuUsage() }
    else if (req.url === '/_reset')
      Object.assign(stats, { requests: 0, bytesIn: 0, peakOpen: stats.open, errors: [] })
    res.setHeader('content-type', 'application/json')
    return res.end(JSON.stringify(o))
  }
  const ch = []
  req.on('data', (c) => ch.push(c))
  req.on('end', () => handle(req, res, ch.length === 1 ? ch[0] : Buffer.concat(ch)))
})
server.keepAliveTimeout = 120000
server.requestTimeout = 0
server.headersTimeout = 0
server.timeout = 0
server.maxRequestsPerSocket = 0
server.listen({ port, host: '127.0.0.1', backlog: 8192 }, () => {
  if (process.send) process.send({ port: server.address().port })
  else console.log('upstream on', server.address().port)
})
process.on('disconnect', () => process.exit())
