// What another process does with responses: `hold-response` begins one and stays, `write-response` writes events until it may not, `cancel-response` cancels one.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { framesOf, rowOf } from './sample-responses.ts'

const [target = '', task = '', id = ''] = process.argv.slice(2)
const store = target.startsWith('postgres://') ? postgres(target) : sqlite(target)
const { responses } = store
const say = (line: string): void => void writeSync(1, `${line}\n`)

if (task === 'cancel-response') {
  await responses.update('a', id, { status: 'cancelled' }, { status: ['in_progress'] })
} else {
  await responses.insert(rowOf('a', id))
  await responses.appendFrames('a', id, 1, framesOf(0, 9))
  say('begun')
  if (task === 'hold-response') await pause(60_000)
  for (
    let n = 10;
    await responses.appendFrames('a', id, 1, framesOf(n, n, 'x'.repeat(n % 7 === 0 ? 300_000 : 1)));
    n++
  ) {
    if (n === 30) say('writing')
    await pause(1)
  }
  say(`updated ${await responses.update('a', id, { status: 'completed' }, { epoch: 1 })}`)
}
await store.close()
