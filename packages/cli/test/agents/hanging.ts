import { agent, tool } from 'antiphon'
import { call, scripted } from 'antiphon/testing'

const chars = Number(process.env.TEST_TEXT_CHARS ?? 0)

/** Writes `TEST_TEXT_CHARS` characters, then calls a tool that neither ends nor listens to its signal. */
export default agent({
  model: scripted([{ text: 'x'.repeat(chars) || undefined, calls: [call('dig_hole')] }, 'Second answer.']),
  tools: [
    tool({
      name: 'dig_hole',
      effect: 'read',
      execute: () => new Promise<string>((resolve) => setTimeout(resolve, 600_000, 'dug')),
    }),
  ],
})
