// `openai` SDK + a hand-written loop.
import OpenAI from 'openai'
export default async function setup({ baseURL, tool }) {
  const client = new OpenAI({ apiKey: 'x', baseURL, maxRetries: 0 })
  const tools = [
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
  ]
  return {
    async run({ model, input, stream, maxTurns, onDelta }) {
      const history = [{ role: 'user', content: input }]
      for (let turn = 0; turn < maxTurns; turn++) {
        let r
        const body = {
          model,
          instructions: 'You are a helpful assistant.',
          input: history,
          tools,
          store: false,
        }
        if (stream) {
          for await (const ev of await client.responses.create({ ...body, stream: true }))
            if (ev.type === 'response.output_text.delta') onDelta(ev.delta)
            else if (ev.type === 'response.completed') r = ev.response
        } else r = await client.responses.create(body)
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
