// A process is killed in the middle of its tools, and the next one goes on. What had finished is not done again.
// By hand: `npx tsx examples/09-resume-after-a-crash.ts --slow` prints its pid and takes 16 seconds. `kill -9` it from another
// terminal, as often as you like, and start it again each time.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sqlite } from '@antiphon/store/sqlite'
import { agent, offline, tool } from 'antiphon'
import { z } from 'zod'

const [mode = 'show', folder = join(tmpdir(), 'antiphon-09')] = process.argv.slice(2)
const slow: Record<string, number> = mode === '--slow' ? { Paris: 4_000, Oslo: 8_000, Tokyo: 16_000 } : {}
const say = (text: string): void => console.log(`process ${process.pid} ${text}`)
const store = sqlite(join(folder, 'runs.db'))

const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: async ({ city }) => {
    say(`asks for ${city}`)
    await wait(slow[city] ?? 20)
    if (mode === 'crash' && city === 'Tokyo') {
      while ((await store.read('weather-1')).filter(({ kind }) => kind === 'tool').length < 2) await wait(5)
      say('gets a kill -9, in the middle of Tokyo')
      process.kill(process.pid, 'SIGKILL')
    }
    say(`has ${city}`)
    return { city, celsius: city.length * 4 }
  },
})

if (mode === 'show') {
  const temporary = mkdtempSync(join(tmpdir(), 'antiphon-09-'))
  const program = [...process.execArgv, process.argv[1] ?? '']
  const [first, second] = ['crash', 'go on'].map((how) =>
    spawnSync(process.execPath, [...program, how, temporary], { encoding: 'utf8' }),
  )
  rmSync(temporary, { recursive: true })
  console.log(`${first?.stdout}${first?.stderr}${second?.stdout}${second?.stderr}`)
  assert.equal(first?.signal, 'SIGKILL')
  assert.deepEqual(second?.stdout.match(/(?<=asks for )\w+/g), ['Tokyo']) // neither Paris nor Oslo
  assert.match(second.stdout, /Paris: 20[\s\S]*Oslo: 16[\s\S]*Tokyo: 20/)
} else {
  mkdirSync(folder, { recursive: true })
  // #region run
  const reporter = agent({ name: 'reporter', model: offline(), tools: [weather] })
  const run = reporter.run('Weather in Paris, Oslo and Tokyo?', { store, runId: 'weather-1' }) // begins it, or goes on
  run.on('run.resumed', ({ turn }) => say(`goes on in turn ${turn}, with what the log has`))
  const { text } = await run.result()
  // #endregion run
  say(`is done:\n${text}`)
  await store.close()
  if (mode === '--slow') rmSync(folder, { recursive: true })
}
