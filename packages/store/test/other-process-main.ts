// What another process does with a store: `hold` opens a run and stays, `write` appends until it may not, `follow` tells every event.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { startOf, stepOf } from './sample-records.ts'

const [target = '', task = '', runId = ''] = process.argv.slice(2)
const store = target.startsWith('postgres://') ? postgres(target) : sqlite(target)
const say = (line: string): void => void writeSync(1, `${line}\n`)

if (task === 'hold') {
  const run = await store.open(runId, { start: startOf(runId) })
  await run.append(stepOf(0))
  say('open')
  await pause(60_000)
} else if (task === 'write') {
  const run = await store.open(runId, { start: startOf(runId) })
  run.onStop((reason) => say(`stopped ${reason.code}`))
  say('open')
  try {
    for (let n = 0; n < 100_000; n++) {
      await run.append(stepOf(n))
      if (n === 10) say('writing')
      await pause(1)
    }
  } catch (error) {
    say(`refused ${(error as { code: string }).code}`)
  }
  await store.close()
} else {
  for await (const { seq, event } of store.follow(runId)) say(`${seq} ${event.type}`)
  await store.close()
}
