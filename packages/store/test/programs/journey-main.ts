// Goes on a journey, and kills itself at a point of it: [target, trip as JSON]
import { Life } from '../../../core/test/mortal.ts'
import { travel } from '../journey.ts'
import { type Trip, travellerOf } from '../trip.ts'
import { storeAt } from './open-store.ts'

const [target = '', json = '{}'] = process.argv.slice(2)
const trip = JSON.parse(json) as Trip
const life = new Life(trip.diesAt, () => process.kill(process.pid, 'SIGKILL'))
const store = storeAt(target)
await travel(store, trip.runId, travellerOf(trip, life))
await store.close()
console.log(JSON.stringify(life.reached))
