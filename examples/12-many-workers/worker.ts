// One of the workers: takes runs from the queue, also those of a worker that died.
import { setTimeout as wait } from 'node:timers/promises'
import { createWorker } from '@antiphon/dbos'
import { agent, offline, tool } from 'antiphon'
import { z } from 'zod'

const [databaseUrl = '', slowMs = '0'] = process.argv.slice(2)
const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: async ({ city }) => {
    console.log(`asks for ${city}`)
    if (city === 'Tokyo') await wait(Number(slowMs))
    return { city, celsius: city.length * 4 }
  },
})

// #region worker
const reporter = agent({ name: 'reporter', model: offline(), tools: [weather] })
const worker = createWorker({
  databaseUrl,
  agents: [reporter],
  queue: { concurrency: 100, workerConcurrency: 10 },
})
await worker.start()
process.once('SIGTERM', () => worker.stop()) // ends what it has, or hands it over
// #endregion worker
console.log('ready')
