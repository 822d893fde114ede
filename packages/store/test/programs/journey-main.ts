// Goes on a journey, and kills itself at a point of it: [target, runId, file of effects, number of the point]
import { Life } from '../../../core/test/mortal.ts'
import { effectsIn, travel } from '../journey.ts'
import { storeAt } from './open-store.ts'

const [target = '', runId = '', file = '', point = ''] = process.argv.slice(2)
const life = new Life(Number(point), () => process.kill(process.pid, 'SIGKILL'))
const store = storeAt(target)
await travel(store, runId, { life, effects: effectsIn(file) })
await store.close()
