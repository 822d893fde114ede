// LIMIT: what a loop can reach with tricks a framework could really use: history kept as already-serialised JSON text (append only),
// undici dispatch callbacks (no Readable) with the chunks of one socket read handled in one go, SSE scanned on the bytes with
// JSON.parse only for the events that matter, tools started at output_item.done.
import { Pool } from 'undici'
export default async function setup({ baseURL, tool, connections }) {
  const u = new URL(baseURL),
    pool = new Pool(u.origin, { connections: connections ?? 8, pipelining: 1 }),
    path = u.pathname + '/responses'
  const tools = JSON.stringify([
    {
      type: 'function',
      name: tool.name,
      description: tool.description,
      strict: true,
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, i: { type: 'number' } },
        required: ['city', 'i'],
        additionalProperties: false,
      },
    },
  ])
  const headers = ['content-type', 'application/json', 'authorization', 'Bearer x']
  const post = (body, onBytes) =>
    new Promise((resolve, reject) => {
      let parts = [],
        queued = false
      const flush = () => {
        queued = false
        if (!parts.length) return
        const b = parts.length === 1 ? parts[0] : Buffer.concat(parts)
        parts = []
        try {
          onBytes(b)
        } catch (e) {
          reject(e)
        }
      }
      pool.dispatch(
        { path, method: 'POST', headers, body },
        {
          onConnect() {},
          onHeaders(s) {
            if (s !== 200) reject(new Error('status ' + s))
            return true
          },
          onData(c) {
            parts.push(c)
            if (!queued) {
              queued = true
              queueMicrotask(flush)
            }
            return true
          },
          onComplete() {
            if (parts.length) flush()
            resolve()
          },
          onError: reject,
        },
      )
    })
  const runTool = async (c) =>
    `,{"type":"function_call_output","call_id":${JSON.stringify(c.call_id)},"output":${JSON.stringify(JSON.stringify(await tool.execute(JSON.parse(c.arguments))))}}`
  return {
    async run({ model, input, stream, maxTurns, onDelta }) {
      const head = `{"model":${JSON.stringify(model)},"instructions":"You are a helpful assistant.","tools":${tools},"stream":${!!stream},"store":false,"input":[`
      let history = JSON.stringify({ role: 'user', content: input })
      for (let turn = 0; turn < maxTurns; turn++) {
        let rest = null,
          text = '',
          items = '',
          pending = []
        const item = (o) => {
          items += ',' + JSON.stringify(o)
          if (o.type === 'function_call') pending.push(runTool(o))
          else if (o.type === 'message') for (const p of o.content) text += p.text ?? ''
        }
        await post(
          head + history + ']}',
          stream
            ? (b) => {
                if (rest) b = Buffer.concat([rest, b])
                const last = b.lastIndexOf('\n\n')
                if (last === -1) {
                  rest = b
                  return
                }
                const s = b.utf8Slice(0, last + 2)
                rest = last + 2 === b.length ? null : b.subarray(last + 2) // whole events only: no split characters
                for (let from = 0, end; (end = s.indexOf('\n\n', from)) !== -1; from = end + 2) {
                  // 'event: response.' is 16 characters, then the type: 'output_text.delta' or 'output_item.done' or one that the loop does not need
                  if (s.startsWith('output_', from + 16)) {
                    if (s.startsWith('text.delta\n', from + 23)) {
                      const a = s.indexOf('"delta":"', from + 40) + 9
                      const q = s.indexOf('"', a)
                      const raw = s.slice(a, q)
                      onDelta(raw.indexOf('\\') === -1 ? raw : JSON.parse(s.slice(from + 40, end)).delta)
                    } else if (s.startsWith('item.done\n', from + 23))
                      item(JSON.parse(s.slice(from + 39, end)).item)
                  }
                }
              }
            : (b) => {
                rest = rest ? Buffer.concat([rest, b]) : b
              },
        )
        if (!stream) for (const o of JSON.parse(rest.utf8Slice(0, rest.length)).output) item(o)
        history += items
        if (!pending.length) return { text }
        history += (await Promise.all(pending)).join('')
      }
      throw new Error('maxTurns')
    },
  }
}
