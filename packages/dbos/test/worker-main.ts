import { createWorker, type WorkerOptions } from '@antiphon/dbos'
import { makeBench } from './workbench.ts'

// A worker as a process of its own: `worker-main.ts <folder> <options as JSON>`. A line on standard input stops it.
const [folder = '', json = '{}'] = process.argv.slice(2)
const options = JSON.parse(json) as Omit<WorkerOptions, 'agents'>
const worker = createWorker({ reapIntervalMs: 200, ...options, agents: makeBench(folder).agents })
await worker.start()
console.log('ready')
process.stdin.once('data', (line) => {
  process.stdin.destroy()
  void worker.stop({ drainTimeoutMs: Number(line) }).then(() => console.log('stopped'))
})
