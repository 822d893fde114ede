// One measurement in a process of its own: node worker.mjs <peer> <scenario> <json args> <origin>
import { scenarios } from './scenarios.mjs'

const [, , name, scenario, argsJson, origin] = process.argv
process.on('unhandledRejection', (error) => console.error('unhandledRejection', error?.message ?? error))
const { log } = console
console.log = console.info = console.warn = console.debug = () => {}

const result = {
  ok: true,
  temperature: 21,
  unit: 'C',
  wind: { speed: 12, dir: 'NW' },
  text: 'Sunny with a light breeze',
}

try {
  const { default: setup } = await import(`./peers/${name}/peer.mjs`)
  const args = JSON.parse(argsJson)
  const ctx = { calls: 0, delay: 0, onCall: null, origin, pad: args.pad ? 'x'.repeat(args.pad) : null }
  const tool = {
    name: 'get_weather',
    description: 'Get the current weather of a city',
    execute: async () => {
      ctx.calls++
      ctx.onCall?.()
      if (ctx.delay) await new Promise((resolve) => setTimeout(resolve, ctx.delay))
      return ctx.pad ? { ...result, pad: ctx.pad } : result
    },
  }
  ctx.peer = await setup({
    baseURL: `${origin}/v1`,
    tool,
    connections: scenario === 'concurrent' ? args.n : 8,
  })
  log(`RESULT ${JSON.stringify(await scenarios[scenario](ctx, args))}`)
  process.exit(0)
} catch (error) {
  log(
    `RESULT ${JSON.stringify({ error: String(error?.message ?? error).slice(0, 300), stack: String(error?.stack).slice(0, 600) })}`,
  )
  process.exit(1)
}
