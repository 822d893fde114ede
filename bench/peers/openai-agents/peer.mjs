import { Agent, tool as defineTool, OpenAIProvider, Runner, setTracingDisabled } from '@openai/agents'
import { z } from 'zod'
export default async function setup({ baseURL, tool }) {
  setTracingDisabled(true)
  const runner = new Runner({
    modelProvider: new OpenAIProvider({ apiKey: 'x', baseURL, useResponses: true }),
    tracingDisabled: true,
  })
  const tools = [
    defineTool({
      name: tool.name,
      description: tool.description,
      parameters: z.object({ city: z.string(), i: z.number() }),
      execute: tool.execute,
    }),
  ]
  const agents = new Map()
  const agent = (model) =>
    agents.get(model) ??
    agents
      .set(
        model,
        new Agent({
          name: 'bench',
          instructions: 'You are a helpful assistant.',
          model,
          modelSettings: { store: false },
          tools,
        }),
      )
      .get(model)
  return {
    async run({ model, input, stream, maxTurns, onDelta }) {
      if (!stream) {
        const r = await runner.run(agent(model), input, { maxTurns })
        return { text: r.finalOutput }
      }
      const r = await runner.run(agent(model), input, { maxTurns, stream: true })
      for await (const ev of r)
        if (ev.type === 'raw_model_stream_event' && ev.data.type === 'output_text_delta')
          onDelta(ev.data.delta)
      await r.completed
      return { text: r.finalOutput }
    },
  }
}
