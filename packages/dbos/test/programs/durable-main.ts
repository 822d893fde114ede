// A worker that is given a run, says `ready`, then how it went: [place as JSON, folder, job as JSON]
import { createEngine, createWorker, type Engine, type RunOutcome } from '@antiphon/dbos'
import { postgres } from '@antiphon/store/postgres'
import { isAntiphonError } from 'antiphon'
import { Life } from '../../../core/test/mortal.ts'
import { durableAgents, surroundingsIn } from '../../../store/test/durable-agents.ts'
import type { Job, Outcome } from '../../../store/test/durable-work.ts'
import { heedingStore } from './heeding-store.ts'
import type { QueuePlace } from './place.ts'

const [target = '{}', folder = '', json = '{}'] = process.argv.slice(2)
const { runId, agent, input = 'Go' } = JSON.parse(json) as Job
const place = JSON.parse(target) as QueuePlace

/** Whoever has a run that waits or has failed goes on with it, as `agent.run()` does. */
const begin = async (engine: Engine): Promise<void> => {
  await engine.start(agent, input, { runId })
  const status = (await engine.get(runId))?.status
  if (status === 'waiting' || status === 'failed') await engine.resume(runId, [])
}

const outcomeOf = (outcome: RunOutcome): Outcome => {
  switch (outcome.status) {
    case 'done':
      return { stop: outcome.stop.reason, text: outcome.text }
    case 'waiting':
      return { stop: 'approval', text: '' }
    case 'cancelled':
      return { stop: 'cancelled', text: '' }
    case 'failed':
      return { stop: 'error', text: '', code: outcome.error.code }
  }
}

const store = postgres(place.databaseUrl)
const heeding = heedingStore(store)
const worker = createWorker({
  ...place,
  store: heeding.store,
  agents: [...durableAgents(surroundingsIn(folder), new Life()).values()],
  queue: { pollIntervalMs: 20 },
  reapIntervalMs: 100,
  hangTimeoutMs: 4_000,
  runOptions: () => ({ strictReplay: true }),
})
const engine = createEngine({ ...place, store })
await worker.start()
const outcome = await (async (): Promise<Outcome> => {
  try {
    await begin(engine)
    console.log('ready')
    return outcomeOf(await engine.result(runId))
  } catch (error) {
    console.log('ready')
    return { stop: 'error', text: '', code: isAntiphonError(error) ? error.code : String(error) }
  }
})()
await worker.stop()
// The engine says how the run stands; that it was taken from this worker, the worker knows.
console.log(JSON.stringify(heeding.wasTaken() ? { stop: 'error', text: '', code: 'run_taken' } : outcome))
await engine.close()
await store.close()
