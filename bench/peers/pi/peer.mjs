// pi-agent-core always streams; the non-streaming columns do not apply.
import { Agent } from '@mariozechner/pi-agent-core'
import { Type } from '@mariozechner/pi-ai'
export const streamOnly = true
export default async function setup({ baseURL, tool }) {
  const tools = [
    {
      name: tool.name,
      label: tool.name,
      description: tool.description,
      parameters: Type.Object({ city: Type.String(), i: Type.Number() }),
      execute: async (_id, a) => {
        const r = await tool.execute(a)
        return { content: [{ type: 'text', text: JSON.stringify(r) }], details: r }
      },
    },
  ]
  return {
    async run({ model, input, onDelta }) {
      const agent = new Agent({
        toolExecution: 'parallel',
        getApiKey: () => 'x',
        initialState: {
          systemPrompt: 'You are a helpful assistant.',
          thinkingLevel: 'off',
          tools,
          messages: [],
          model: {
            id: model,
            name: model,
            api: 'openai-responses',
            provider: 'openai',
            baseUrl: baseURL,
            reasoning: false,
            input: ['text'],
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 1e6,
            maxTokens: 4096,
          },
        },
      })
      agent.subscribe((e) => {
        if (e.type === 'message_update' && e.assistantMessageEvent.type === 'text_delta')
          onDelta(e.assistantMessageEvent.delta)
      })
      await agent.prompt(input)
      const last = agent.state.messages.at(-1)
      if (last.stopReason === 'error') throw new Error(last.errorMessage)
      return {
        text: last.content
          .filter((c) => c.type === 'text')
          .map((c) => c.text)
          .join(''),
      }
    },
  }
}
