import { tool } from 'antiphon'
import { z } from 'zod'

/** A tool for agents of any process. */
export const lookTool = tool({
  name: 'look',
  inputSchema: z.object({}),
  effect: 'read',
  execute: () => 'seen',
})
