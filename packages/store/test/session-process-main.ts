// What another process does with sessions: `hold-session` opens one and stays, `add-to-session` adds turns one by one, `run-on-session` runs an agent that does not end.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { postgres } from '@antiphon/store/postgres'
import { sqlite } from '@antiphon/store/sqlite'
import { agent } from 'antiphon'
import { call, calls, scripted } from 'antiphon/testing'
import { said } from './said.ts'
import { lookTool } from './session-agent.ts'

const [target = '', task = '', runId = ''] = process.argv.slice(2)
const store = target.startsWith('postgres://') ? postgres(target) : sqlite(target)
const say = (line: string): void => void writeSync(1, `${line}\n`)

if (task === 'hold-session') {
  await store.session('s').open(runId)
  say('open')
  await pause(60_000)
} else if (task === 'add-to-session') {
  for (let n = 0; n < 15; n++) {
    const open = await store.session('s', { onBusy: 'wait' }).open(`${runId}-${n}`)
    await open.append([said(`${runId} asks ${n}`), said(`${runId} is told ${n}`)])
    await open.release()
  }
  say('added')
  await store.close()
} else {
  const never = (): Promise<never> => {
    say('asked')
    return new Promise(() => undefined)
  }
  const model = scripted([calls(call('look', {})), never])
  const timer = setInterval(() => undefined, 1_000)
  await agent({ model, tools: [lookTool] })
    .run('Look', { store, runId, session: store.session('s') })
    .result()
  clearInterval(timer)
}
