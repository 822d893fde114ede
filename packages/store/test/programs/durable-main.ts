// Works on a run, says `ready`, then how it went: [target, folder, job as JSON]
import { Life } from '../../../core/test/mortal.ts'
import { surroundingsIn } from '../durable-agents.ts'
import { type Job, workOn } from '../durable-work.ts'
import { storeAt } from './open-store.ts'

const [target = '', folder = '', job = '{}'] = process.argv.slice(2)
const store = storeAt(target)
const work = workOn(store, JSON.parse(job) as Job, surroundingsIn(folder), new Life())
console.log('ready')
console.log(JSON.stringify(await work))
await store.close()
