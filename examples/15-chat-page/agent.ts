// The agent behind the page: one tool that reads, and one that waits for a person.
import { agent, defaultModel, tool } from 'antiphon'
import { z } from 'zod'

const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => ({ city, celsius: city.length * 4 }),
})
const pay = tool({
  name: 'send_payment',
  description: 'Send a payment of an amount to a person',
  inputSchema: z.object({ recipient: z.string(), amount: z.number() }),
  needsApproval: true,
  execute: ({ recipient, amount }) => `Paid ${amount} to ${recipient}.`,
})

export const clerk = agent({ name: 'clerk', model: defaultModel(), tools: [weather, pay] })
