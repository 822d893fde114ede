import type { InputItem } from '@antiphon/client'
import {
  agent,
  createLogRedactor,
  fork,
  formatLog,
  type JournalError,
  type LogRecord,
  type Model,
  parseLog,
  record,
  replay,
  requestsOf,
  tool,
} from 'antiphon'
import { call, calls, scripted, testModel, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { callModel } from './call-model.ts'

const KEY = `sk-${'a1B2'.repeat(8)}`

const weather = (celsius = 21) =>
  tool({
    name: 'get_weather',
    description: 'Weather in a city',
    inputSchema: z.object({ city: z.string() }),
    effect: 'read',
    execute: ({ city }) => `${city}: ${celsius} degrees, and no rain is expected before the evening`,
  })

const script = () =>
  scripted([
    {
      reasoning: 'Two cities.',
      calls:
        calls(call('get_weather', { city: 'Paris' }), call('get_weather', { city: 'Tokyo' })).calls ?? [],
    },
    text('Both are mild.'),
  ])

const assistant = (model: Model, celsius?: number, instructions = 'Answer briefly.') =>
  agent({ model, instructions, tools: [weather(celsius)] })

/** What a run says of itself: everything but times. */
const told = async (model: Model, celsius?: number, instructions?: string) => {
  const run = assistant(model, celsius, instructions).run('Weather in Paris and Tokyo?', { runId: 'r' })
  const { text: answer, items, usage, turns, stop } = await run.result()
  return { answer, items, usage, turns, stop }
}

const recorded = async () => {
  const tape = record(script())
  const first = await told(tape)
  return { tape, first, log: tape.toJSONL() }
}

const failureOf = async (run: Promise<unknown>): Promise<JournalError> => {
  const error: unknown = await run.catch((thrown: unknown) => thrown)
  if (!(error instanceof Error)) throw new Error('It did not fail.')
  return ((error as { cause?: unknown }).cause ?? error) as JournalError
}

describe('record and replay', () => {
  it('gives the same run from the log, from records and from text', async () => {
    const { tape, first, log } = await recorded()
    expect(parseLog(log)).toEqual({ records: tape.records })
    expect(await told(replay(log))).toEqual(first)
    expect(await told(replay(tape.records))).toEqual(first)
    expect(replay(log).modelName).toBe('scripted')
  })

  it('records by difference: nothing is said twice', async () => {
    const { tape } = await recorded()
    expect(tape.records.map(({ key, kind }) => [key, kind])).toEqual([
      ['run', 'run'],
      ['t0/model', 'model'],
      ['t1/model', 'model'],
    ])
    const [, , second] = tape.records
    expect(second?.about).toMatchObject({
      input: {
        keep: 1,
        add: [
          { $record: 't0/model', $index: 0 },
          { $record: 't0/model', $index: 1 },
          { $record: 't0/model', $index: 2 },
          { type: 'function_call_output' },
          { type: 'function_call_output' },
        ],
      },
    })
    expect(second?.about).not.toHaveProperty('set')
  })

  it('records the request as it was when the call was made', async () => {
    const items: InputItem[] = [{ role: 'user', content: 'one' }]
    const tape = record(scripted([text('a'), text('b')]))
    await callModel(tape, { input: items })
    ;(items[0] as { content: string }).content = 'two'
    await callModel(tape, { input: items, instructions: 'x' })
    items.length = 0
    const inputs = requestsOf(tape.records).map(({ request }) => request.input)
    expect(inputs).toEqual([[{ role: 'user', content: 'one' }], [{ role: 'user', content: 'two' }]])
  })

  it('says where the nearest request differs, with both values shortened around it', async () => {
    const { log } = await recorded()
    const error = await failureOf(told(replay(log), 22))
    expect(error).toMatchObject({ code: 'replay_mismatch', key: 't1/model', path: 'input[4].output' })
    expect(error.message).toMatch(/t1\/model.*input\[4\]\.output/)
    expect(error.message).toContain('recorded: "Paris: 21 degrees')
    expect(error.message).toContain('asked:    "Paris: 22 degrees')
  })

  it('names the field that differs', async () => {
    const { log } = await recorded()
    const error = await failureOf(told(replay(log), 21, 'Answer at length.'))
    expect(error).toMatchObject({ key: 't0/model', path: 'instructions' })
    expect(error.message).toMatch(/recorded: "Answer briefly\."\n {2}asked: {4}"Answer at length\."/)
  })

  it('tells of items that are missing or too many, and of a tool that changed deep inside', async () => {
    const tape = record(scripted([text('a')]))
    const tools = (description: string) => [
      {
        type: 'function' as const,
        name: 'f',
        strict: true,
        parameters: { properties: { 'a b': { description } } },
      },
    ]
    const input: InputItem[] = [{ role: 'user', content: 'x' }]
    await callModel(tape, { input, tools: tools('old') })
    const ask = (request: object) =>
      failureOf(callModel(replay(tape.records), { input, tools: tools('old'), ...request }))
    expect(await ask({ tools: tools('new') })).toMatchObject({
      path: 'tools[0].parameters.properties["a b"].description',
    })
    expect((await ask({ input: [...input, ...input] })).message).toMatch(
      /input\[1\]:\n {2}recorded: \(nothing\)\n/,
    )
    expect((await ask({ input: [] })).message).toMatch(/input\[0\]:\n.*\n {2}asked: {4}\(nothing\)/)
    expect(await ask({ input: 'x' })).toMatchObject({ path: 'input' })
  })

  it('answers equal requests in their order, each once, whatever the order of keys, and streamed or not', async () => {
    const tape = record(scripted([text('a'), text('b')]))
    await callModel(tape, { input: 'Hi', temperature: 1 })
    await callModel(tape, { input: 'Hi', temperature: 1 })
    const model = replay(tape.records)
    const asked = { temperature: 1, stream: true, input: 'Hi', instructions: undefined }
    const texts = [await callModel(model, asked), await callModel(model, asked)].map(
      ({ response }) => response.id,
    )
    expect(texts).toEqual(['resp_1', 'resp_2'])
    const error = await failureOf(callModel(model, asked))
    expect(error).toMatchObject({ code: 'replay_mismatch' })
    expect(error.message).toMatch(/recorded 2 times \(t0\/model, t1\/model\), and is asked once more/)
  })

  it('takes fields that the caller declares without a difference', async () => {
    const tape = record(scripted([text('a')]))
    await callModel(tape, { input: 'Hi', metadata: { at: '1' } })
    const asked = { input: 'Hi', metadata: { at: '2' } }
    expect(await failureOf(callModel(replay(tape.records), asked))).toMatchObject({ path: 'metadata.at' })
    const { response } = await callModel(replay(tape.records, { ignore: ['metadata'] }), asked)
    expect(response.status).toBe('completed')
  })

  it('refuses a damaged text, and replays what is left of it when that is asked for', async () => {
    const { log } = await recorded()
    const cut = log.slice(0, -20)
    expect(() => replay(cut)).toThrow(expect.objectContaining({ code: 'log_damaged', line: 3 }))
    const error = await failureOf(told(replay(parseLog(cut).records)))
    expect(error).toMatchObject({ code: 'replay_mismatch', key: 't0/model', path: 'input[1]' })
    expect(await failureOf(callModel(replay([]), { input: 'x' }))).toMatchObject({ code: 'replay_mismatch' })
  })

  it('does not record a call that failed, and goes on after it', async () => {
    const tape = record(scripted([{ error: new Error('lost') }, text('a')]))
    await expect(callModel(tape)).rejects.toThrow('lost')
    await callModel(tape)
    expect(tape.records.map(({ seq, key }) => `${seq} ${key}`)).toEqual(['1 run', '2 t0/model'])
    expect((await callModel(replay(tape.toJSONL()))).response.status).toBe('completed')
  })

  it('replays sub-agents by the same model', async () => {
    const make = (model: Model) => {
      const inner = agent({ name: 'inner', model, tools: [weather()] })
      return agent({ name: 'outer', model, tools: [inner.asTool()] })
    }
    const tape = record(testModel())
    const input = 'Ask about the weather.'
    const first = await make(tape).run(input).result()
    const again = await make(replay(tape.toJSONL())).run(input).result()
    expect(tape.records.length).toBeGreaterThan(3)
    expect([again.text, again.items, again.usage]).toEqual([first.text, first.items, first.usage])
  })

  it('writes to a list or a function, in order, and completes an answer when it is written', async () => {
    const list: LogRecord[] = []
    await told(record(script(), { to: list }))
    const written: string[] = []
    const to = async (entry: LogRecord): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, entry.seq === 1 ? 5 : 0))
      written.push(entry.key)
    }
    const tape = record(script(), { to, runId: 'mine' })
    await callModel(tape)
    expect(written).toEqual(['run', 't0/model'])
    expect(list.map(({ key }) => key)).toEqual(['run', 't0/model', 't1/model'])
    expect(tape.records[0]?.value).toMatchObject({ runId: 'mine', agent: 'scripted' })
  })

  it('fails the call when a record cannot be written, and every call after it', async () => {
    let broken = true
    const to = (): void => {
      if (broken) throw new Error('disk full')
    }
    const tape = record(scripted([text('a'), text('b')]), { to })
    expect(await failureOf(callModel(tape))).toMatchObject({ message: 'disk full' })
    broken = false
    await expect(callModel(tape)).rejects.toMatchObject({ code: 'store_failed' })
  })

  it('redacts on the way in; a replay that is told the same finds the answers', async () => {
    const redact = createLogRedactor({ secrets: ['hunter2'], fields: ['city'] })
    const ask = (model: Model) =>
      assistant(model, 21, `Answer briefly. ${KEY}`).run('My password is hunter2.', { runId: 'r' }).result()
    const tape = record(script(), { redact })
    await ask(tape)
    const log = tape.toJSONL()
    expect(log).not.toMatch(/hunter2|sk-a1|\\"Paris\\"/)
    expect(log).toContain('"properties":{"city":{"type":"string"}}')
    const again = await ask(replay(log, { redact })).catch((error: unknown) => error as JournalError)
    // The arguments are gone: the tool is asked for another city, and that is what the error is about.
    expect(again).toMatchObject({ code: 'replay_mismatch' })
    expect(String((again as JournalError).message)).toMatch(/Paris: 21.*\n.*\[redacted\]: 21/)

    const loose = createLogRedactor({ secrets: ['hunter2'] })
    const second = record(script(), { redact: loose })
    const first = await ask(second)
    expect((await ask(replay(second.toJSONL(), { redact: loose }))).text).toBe(first.text)
    expect(await failureOf(ask(replay(second.toJSONL())))).toMatchObject({ code: 'replay_mismatch' })
  })

  it('shows no key in an error', async () => {
    const tape = record(scripted([text('a')]))
    await callModel(tape, { input: 'x', instructions: `Use ${KEY} now.` })
    const error = await failureOf(
      callModel(replay(tape.records), { input: 'x', instructions: `Use ${KEY} later.` }),
    )
    expect(error.message).toContain('[redacted apiKey] now')
    const other = await failureOf(
      callModel(replay(tape.records), { input: 'x', instructions: `Use ${KEY.replace('a1', 'a2')} now.` }),
    )
    expect(other.message).toMatch(/instructions:\n {2}recorded: "Use \[redacted apiKey\] now/)
    expect(error.message + other.message).not.toContain('a1B2')
  })

  it('replays a long run in time that grows with its length', async () => {
    const turns = 400
    const steps = Array.from({ length: turns }, (_, n) => calls(call('get_weather', { city: `City ${n}` })))
    const make = (model: Model) => agent({ model, tools: [weather()], limits: { turns: turns + 1 } })
    const tape = record(scripted([...steps, text('Done.')], { record: 'none' }))
    const first = await make(tape).run('Go').result()
    const again = await make(replay(tape.toJSONL())).run('Go').result()
    expect(again.items).toEqual(first.items)
    // Each turn adds what is new in it, and not the history.
    const sizes = tape.records.slice(1).map((entry) => JSON.stringify(entry.about).length)
    expect(Math.max(...sizes.slice(turns - 10))).toBeLessThan(Math.max(...sizes.slice(1, 10)) + 20)
  })
})

describe('fork', () => {
  it('replays the first turns strictly, and asks the other model from there on', async () => {
    const { log, first } = await recorded()
    const other = scripted([text('Sunny!')])
    const branch = await told(fork(log, { at: 1, model: other }))
    expect(branch.answer).toBe('Sunny!')
    expect(branch.items.slice(0, -1)).toEqual(first.items.slice(0, -1))
    expect(other.requests).toHaveLength(1)
    expect(await told(fork(log, { at: 2, model: other }))).toEqual(first)
    expect((await told(fork(log, { at: 0, model: scripted([text('New.')]) }))).answer).toBe('New.')
  })

  it('fails where the beginning is not the recorded one', async () => {
    const { log } = await recorded()
    const error = await failureOf(told(fork(log, { at: 2, model: scripted([]) }), 30))
    expect(error).toMatchObject({ code: 'replay_mismatch', path: 'input[4].output' })
  })

  it.each([-1, 3, 1.5])('refuses a turn that the log has not: %s', async (at) => {
    const { log } = await recorded()
    expect(() => fork(log, { at, model: scripted([]) })).toThrow(
      expect.objectContaining({
        code: 'invalid_config',
        message: expect.stringContaining('0 to 2') as string,
      }),
    )
  })

  it('replays runs inside the calls of a turn with it', async () => {
    const { tape } = await recorded()
    const [run, t0, t1] = tape.records as [LogRecord, LogRecord, LogRecord]
    const inner = [t0, t1].map((entry) => ({
      ...entry,
      key: `t0/tool/c/${entry.key}`,
      about: { agent: 'x', set: { instructions: entry.key }, input: { keep: 0, add: [] } },
    }))
    const log = formatLog([run, t0, ...inner, t1].map((entry, index) => ({ ...entry, seq: index + 1 })))
    const model = fork(log, { at: 1, model: scripted([text('live')]) })
    const [outer, first, second] = requestsOf(parseLog(log).records)
    for (const recordedCall of [outer, first, second])
      expect((await callModel(model, recordedCall?.request)).response.id).toBe(recordedCall?.response.id)
    const { response } = await callModel(model, { input: 'anything' })
    expect(JSON.stringify(response.output)).toContain('live')
  })
})
