// The same loop as floor-undici on the global fetch: what fetch itself costs (most peers sit on it).
const TOOLS = (t) => [
  {
    type: 'function',
    name: t.name,
    description: t.description,
    strict: true,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, i: { type: 'number' } },
      required: ['city', 'i'],
      additionalProperties: false,
    },
  },
]
export default async function setup({ baseURL, tool }) {
  const url = baseURL + '/responses',
    tools = TOOLS(tool)
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' }
  async function once(body, onDelta) {
    const res = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (res.status !== 200) throw new Error('status ' + res.status)
    if (!body.stream) return res.json()
    const td = new TextDecoder()
    let buf = '',
      done = null
    for await (const chunk of res.body) {
      buf += td.decode(chunk, { stream: true })
      let from = 0,
        end
      while ((end = buf.indexOf('\n\n', from)) !== -1) {
        const d = buf.indexOf('data: ', from),
          ev = JSON.parse(buf.slice(d + 6, end))
        from = end + 2
        if (ev.type === 'response.output_text.delta') onDelta(ev.delta)
        else if (ev.type === 'response.completed') done = ev.response
      }
      buf = buf.slice(from)
    }
    return done
  }
  return {
    async run({ model, input, stream, maxTurns, onDelta }) {
      const history = [{ role: 'user', content: input }]
      for (let turn = 0; turn < maxTurns; turn++) {
        const r = await once(
          {
            model,
            instructions: 'You are a helpful assistant.',
            input: history,
            tools,
            stream,
            store: false,
          },
          onDelta,
        )
        history.push(...r.output)
        const calls = r.output.filter((o) => o.type === 'function_call')
        if (!calls.length)
          return { text: r.output.map((o) => o.content?.map((c) => c.text).join('') ?? '').join('') }
        history.push(
          ...(await Promise.all(
            calls.map(async (c) => ({
              type: 'function_call_output',
              call_id: c.call_id,
              output: JSON.stringify(await tool.execute(JSON.parse(c.arguments))),
            })),
          )),
        )
      }
      throw new Error('maxTurns')
    },
  }
}
