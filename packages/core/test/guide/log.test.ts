// The code of docs/guide/log-format.md.
import { readFileSync } from 'node:fs'
import {
  agent,
  formatLog,
  fromIterable,
  JournalError,
  LOG_VERSION,
  type LogRecord,
  type ModelAbout,
  memoryRuns,
  parseLog,
  requestsOf,
  tool,
} from 'antiphon'
import { expect, it } from 'vitest'
import { z } from 'zod'

const printed = readFileSync(new URL('weather-log.jsonl', import.meta.url), 'utf8')

const weather = tool({
  name: 'get_weather',
  inputSchema: z.object({ city: z.string() }),
  effect: 'write', // so that an intent is shown, too
  execute: ({ city }) => `${city}: 19 degrees`,
})

/** A server of few words: its responses hold what a reader of a log needs, and not what real ones hold beside it. */
const terse = fromIterable(async function* ({ input }) {
  const turn = input?.length === 1 ? 0 : 1
  const output =
    turn === 0
      ? { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }
      : {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: '19 degrees.', annotations: [] }],
        }
  const response = { id: `resp_${turn}`, object: 'response', status: 'completed', output: [output] }
  yield { type: 'response.completed', response } as never
})

/** The log as the guide prints it: times are what they were on a certain day, tools are declared in words. */
const asPrinted = (record: LogRecord): LogRecord => {
  const { about } = record as { about?: ModelAbout }
  return {
    ...record,
    at: 1795353600000 + record.seq,
    ...(record.ms === undefined ? {} : { ms: record.kind === 'tool' ? 0.4 : 912.6 }),
    ...(about?.set === undefined ? {} : { about: { ...about, set: { ...about.set, tools: ['…'] } } }),
  }
}

it('the log that the guide prints is the log of a run', async () => {
  const store = memoryRuns()
  const reporter = agent({ name: 'reporter', model: terse, tools: [weather] })
  await reporter.run('Weather in Oslo?', { store, runId: 'weather-1' }).result()
  expect(formatLog((await store.read('weather-1')).map(asPrinted))).toBe(printed)
})

it('written, read, and read in full', async () => {
  const { records: log } = parseLog(printed)
  const store = { read: async (_runId: string) => log }
  // #region read
  const records = await store.read('weather-1') // the same for any store
  const text = formatLog(records) // one line each: a file, an attachment to a bug report …
  const { records: again, damage } = parseLog(text)
  // #endregion read
  expect(again).toEqual(records)
  expect(damage).toBeUndefined()

  const lines: string[] = []
  // #region requests
  for (const { key, agent: speaker, request, response } of requestsOf(records))
    lines.push(`${key}: ${speaker} sent ${request.input?.length} items, got ${response.output[0]?.type}`)
  // #endregion requests
  expect(lines).toEqual([
    't0/model: reporter sent 1 items, got function_call',
    't1/model: reporter sent 3 items, got message',
  ])
})

it('a log that was cut off is read up to there, and one from the future not at all', () => {
  const cut = printed.slice(0, printed.indexOf('"outcome"'))
  // #region damage
  const { records, damage } = parseLog(cut)
  expect(records).toHaveLength(3)
  expect(damage).toEqual({ line: 4, reason: 'it is not JSON, and seems to be cut' })
  // #endregion damage
  const newer = printed.replace('"version":1', `"version":${LOG_VERSION + 1}`)
  expect(() => parseLog(newer)).toThrow(JournalError)
})
