// Two workers on one queue. The one that has the run is killed with -9, and the other one finishes it.
// By hand: `npx tsx examples/12-many-workers/main.ts --slow` takes 30 seconds; `kill -9` whom you like, as long as one is left.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createEngine } from '@antiphon/dbos'
import { postgres } from '@antiphon/store/postgres'
import { databaseUrl, stopDatabase } from './database.ts'

const byHand = process.argv.includes('--slow')
const asked: Array<{ city: string; worker: ChildProcess }> = []
const startWorker = async (): Promise<ChildProcess> => {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url))
  const args = [...process.execArgv, program, databaseUrl, byHand ? '30000' : '800']
  const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => worker.kill('SIGKILL')) // also when this program fails
  worker.stdout.on('data', (text) => {
    process.stdout.write(`worker ${worker.pid} ${text}`)
    for (const [city = ''] of String(text).matchAll(/(?<=asks for )\w+/g)) asked.push({ city, worker })
  })
  await once(worker.stdout, 'data')
  return worker
}
const workers = await Promise.all([startWorker(), startWorker()])

// #region engine
const store = postgres(databaseUrl)
const engine = createEngine({ databaseUrl, store })
const runId = await engine.start('reporter', 'Weather in Paris, Oslo and Tokyo?') // kept and queued when it resolves
// #endregion engine
if (!byHand) {
  while ((await store.read(runId)).filter(({ kind }) => kind === 'tool').length < 2) await wait(10)
  console.log(`worker ${asked[0]?.worker.pid} gets a kill -9, in the middle of Tokyo`)
  asked[0]?.worker.kill('SIGKILL')
}
const killed = performance.now()
// #region result
for await (const { event } of engine.follow(runId)) {
  if (event.type === 'tool.ended') console.log(`${event.name} gave ${event.output.output}`)
  if (event.type === 'run.resumed') console.log('another worker goes on, with what the log has')
}
const outcome = await engine.result(runId, { timeoutMs: 60_000 })
// #endregion result
console.log(outcome, `after ${Math.round(performance.now() - killed)} ms`)
assert.equal(outcome.status, 'done')
if (!byHand) assert.deepEqual(asked.map(({ city }) => city).sort(), ['Oslo', 'Paris', 'Tokyo', 'Tokyo'])

await engine.close()
await store.close()
const gone = workers.map((worker) => worker.exitCode ?? worker.signalCode ?? once(worker, 'exit'))
for (const worker of workers) worker.kill('SIGTERM')
await Promise.all(gone)
await stopDatabase()
