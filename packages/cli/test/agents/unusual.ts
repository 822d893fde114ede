import { agent, tool, toolOutput } from 'antiphon'
import { call, calls, scripted } from 'antiphon/testing'

const circle: Record<string, unknown> = { big: 12n, error: new Error('inside'), map: new Map([['a', 1]]) }
circle.self = circle

/** Details and progress that plain JSON cannot say. */
export default agent({
  model: scripted([calls(call('odd')), 'Done.']),
  tools: [
    tool({
      name: 'odd',
      effect: 'read',
      execute: (_input, context) => {
        context.progress(circle)
        return toolOutput({ content: 'fine', details: circle })
      },
    }),
  ],
})
