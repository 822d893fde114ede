import { agent, offline, tool } from 'antiphon'
import { z } from 'zod'

/** An agent whose only tool waits for a person. */
export default agent({
  name: 'cashier',
  model: offline(),
  tools: [
    tool({
      name: 'send_payment',
      description: 'Send a payment of an amount to a person',
      inputSchema: z.object({ recipient: z.string(), amount: z.number() }),
      needsApproval: true,
      execute: ({ recipient, amount }) => `Paid ${amount} to ${recipient}.`,
    }),
  ],
})
