import { agent, type Model, tool } from 'antiphon'
import { z } from 'zod'

const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => ({ city, celsius: 19 }),
})

/** The command line chooses the model: `--model`, `--base-url`, or by the keys that are set. */
export default ({ model }: { model: Model }) => agent({ name: 'weather', model, tools: [weather] })
