import { createOpenAI } from '@ai-sdk/openai'
import { tool as defineTool, stepCountIs, ToolLoopAgent } from 'ai'
import { z } from 'zod'
export default async function setup({ baseURL, tool }) {
  globalThis.AI_SDK_LOG_WARNINGS = false
  const openai = createOpenAI({ apiKey: 'x', baseURL })
  const tools = {
    [tool.name]: defineTool({
      description: tool.description,
      inputSchema: z.object({ city: z.string(), i: z.number() }),
      execute: tool.execute,
    }),
  }
  const agents = new Map()
  const agent = (model, n) =>
    agents.get(model) ??
    agents
      .set(
        model,
        new ToolLoopAgent({
          model: openai.responses(model),
          instructions: 'You are a helpful assistant.',
          tools,
          stopWhen: stepCountIs(n),
          maxRetries: 0,
          telemetry: { isEnabled: false },
          providerOptions: { openai: { store: false } },
        }),
      )
      .get(model)
  return {
    async run({ model, input, stream, maxTurns, onDelta }) {
      if (!stream) {
        const r = await agent(model, maxTurns).generate({ prompt: input })
        return { text: r.text }
      }
      const r = await agent(model, maxTurns).stream({ prompt: input })
      let text = ''
      for await (const d of r.textStream) {
        onDelta(d)
        text += d
      }
      return { text }
    },
  }
}
