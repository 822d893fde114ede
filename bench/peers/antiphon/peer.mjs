// Antiphon as a user would write it: events by async iteration when streaming, the result alone when not.
import { agent, tool as defineTool, responses } from 'antiphon'
import { z } from 'zod'

export default async function setup({ baseURL, tool }) {
  const tools = [
    defineTool({
      name: tool.name,
      description: tool.description,
      inputSchema: z.object({ city: z.string(), i: z.number() }),
      effect: 'read',
      execute: tool.execute,
    }),
  ]
  const agents = new Map()
  const agentFor = (model, turns, stream) => {
    const key = `${model} ${stream}`
    if (!agents.has(key))
      agents.set(
        key,
        agent({
          model: responses(model, { baseURL, apiKey: 'x', stream }),
          instructions: 'You are a helpful assistant.',
          tools,
          limits: { turns },
          concurrency: 256,
          settings: { store: false },
        }),
      )
    return agents.get(key)
  }
  return {
    async run({ model, input, stream, maxTurns, onDelta }) {
      const run = agentFor(model, maxTurns, stream).run(input)
      if (stream)
        for await (const event of run) if (event.type === 'response.output_text.delta') onDelta(event.delta)
      const { text } = await run.result()
      return { text }
    },
  }
}
