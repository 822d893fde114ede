import { agent, tool } from 'antiphon'
import { call, scripted } from 'antiphon/testing'

const attack = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202egpj.exe\r'

/** Everything a terminal could obey, everywhere a model or a tool can put it. */
export default agent({
  model: scripted([
    { text: `before ${attack} after`, calls: [call('look', { path: attack }), call(`bad${attack}`)] },
    `answer ${attack}`,
  ]),
  tools: [
    tool({
      name: 'look',
      effect: 'read',
      execute: () => {
        console.log(`logged by a tool ${attack}`.slice(0, 16))
        process.stdout.write('written by a tool\n')
        return `output ${attack}`
      },
    }),
  ],
})
