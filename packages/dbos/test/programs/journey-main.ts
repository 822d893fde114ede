// A worker that goes on a journey, and kills itself at a point of it: [place as JSON, trip as JSON]
import { createEngine, createWorker } from '@antiphon/dbos'
import { postgres } from '@antiphon/store/postgres'
import { approve } from 'antiphon'
import { Life, mortalStore } from '../../../core/test/mortal.ts'
import { journeyAgent } from '../../../store/test/journey.ts'
import { type Trip, travellerOf } from '../../../store/test/trip.ts'
import type { QueuePlace } from './place.ts'

const [target = '{}', json = '{}'] = process.argv.slice(2)
const trip = JSON.parse(json) as Trip
const { runId } = trip
const life = new Life(trip.diesAt, () => process.kill(process.pid, 'SIGKILL'))
const store = postgres((JSON.parse(target) as QueuePlace).databaseUrl)
// Of each run there is one process at a time: who takes it is whoever was started for it.
const place = { ...(JSON.parse(target) as QueuePlace), store: mortalStore(store, life) }
const worker = createWorker({
  ...place,
  agents: [journeyAgent(travellerOf(trip, life))],
  queue: { name: runId, pollIntervalMs: 20 },
  reapIntervalMs: 100,
  runOptions: () => ({ strictReplay: true }),
})
const engine = createEngine({ ...place, queue: runId })
await worker.start()
await engine.start('traveller', 'Where shall I go?', { runId })
let outcome = await engine.result(runId)
while (outcome.status === 'waiting') {
  await engine.resume(
    runId,
    outcome.pending.map((call) => approve(call)),
  )
  outcome = await engine.result(runId)
}
await engine.close()
await worker.stop()
await store.close()
if (outcome.status !== 'done') throw new Error(`It is ${outcome.status}: ${outcome.error.message}`)
console.log(JSON.stringify(life.reached))
