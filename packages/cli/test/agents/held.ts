import { agent, offline, tool } from 'antiphon'
import { z } from 'zod'

/** Reads the weather, which never comes while TEST_HOLD is set. */
export default agent({
  name: 'held',
  model: offline(),
  tools: [
    tool({
      name: 'get_weather',
      description: 'Current weather in a city',
      inputSchema: z.object({ city: z.string() }),
      effect: 'read',
      execute: ({ city }) =>
        process.env.TEST_HOLD === undefined ? { city, celsius: 19 } : new Promise<never>(() => undefined),
    }),
  ],
})
