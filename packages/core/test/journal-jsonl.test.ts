import { formatLog, formatRecord, type LogRecord, parseLog } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const run: LogRecord = {
  seq: 1,
  key: 'run',
  kind: 'run',
  at: 1_764_000_000_000,
  value: {
    version: 1,
    runId: 'r',
    agent: 'a',
    input: [{ type: 'message', role: 'user', content: 'Grüße 🙂\n' }],
  },
}
const model: LogRecord = {
  seq: 2,
  key: 't0/model',
  kind: 'model',
  at: 1_764_000_000_001,
  ms: 1.5,
  about: { agent: 'a', input: { keep: 0, add: [{ $record: 'run', $index: 0 }] } },
  value: { id: 'resp_1', output: [] },
}
const end: LogRecord = {
  seq: 3,
  key: 'end',
  kind: 'end',
  at: 2,
  value: { stop: { reason: 'done' }, text: 'é' },
}
const log = [run, model, end]

describe('a log as JSON lines', () => {
  it('is one line a record, and comes back as it was', () => {
    const text = formatLog(log)
    expect(text.split('\n')).toHaveLength(4)
    expect(parseLog(text)).toEqual({ records: log })
    expect(parseLog(log.map(formatRecord))).toEqual({ records: log })
    expect(parseLog(`\ufeff${text.replaceAll('\n', '\r\n\r\n')}`)).toEqual({ records: log })
  })

  it('keeps fields and kinds that it does not know', () => {
    const odd = {
      seq: 4,
      key: 'note/1',
      kind: 'note',
      at: 3,
      value: 7,
      colour: 'red',
    } as unknown as LogRecord
    const newer = { ...end, more: { a: 1 } }
    expect(parseLog(formatLog([run, model, newer, odd])).records).toEqual([run, model, newer, odd])
  })

  it('refuses what a newer version wrote, whatever comes after it', () => {
    const newer = formatRecord({ ...run, value: { version: 2, somewhere: 'else' } })
    expect(() => parseLog(`${newer}not JSON`)).toThrow(
      expect.objectContaining({
        code: 'log_version',
        message: expect.stringContaining('version 2') as string,
      }),
    )
  })

  it.each<[string, string, number, number, RegExp]>([
    ['an empty file', '', 0, 1, /empty/],
    ['a cut last line', formatLog(log).slice(0, -9), 2, 3, /not JSON, and seems to be cut/],
    ['a line that is no JSON', `${formatRecord(run)}\n{"seq":}\n${formatRecord(model)}`, 1, 3, /not JSON$/],
    ['a line that is no object', `${formatRecord(run)}[1]`, 1, 2, /no record/],
    ['a missing record', formatLog([run, end]), 1, 2, /expected record 2, got 3/],
    ['records in the wrong order', formatLog([run, end, model]), 1, 2, /expected record 2, got 3/],
    ['no number', formatLog([{ ...run, seq: undefined as never }]), 0, 1, /without a number/],
    ['a key twice', formatLog([run, model, { ...model, seq: 3 }]), 2, 3, /record `t0\/model` before/],
    ['no header', formatLog([{ ...end, seq: 1 }]), 0, 1, /begins with the record `run`/],
    ['a header without a version', formatLog([{ ...run, value: {} }]), 0, 1, /no `version`/],
    ['no key', formatLog([run, { ...model, key: '' }]), 1, 2, /no `key`/],
    ['no time', formatLog([run, { ...model, at: 'now' as never }]), 1, 2, /no time/],
    ['a response that is none', formatLog([run, { ...model, value: 'x' }]), 1, 2, /no `output`/],
    ['a call without a request', formatLog([run, { ...model, about: null }]), 1, 2, /what was asked/],
    ['a tool without a value', formatLog([run, { ...model, kind: 'tool', value: null }]), 1, 2, /no value/],
  ])('reads up to the damage and says where: %s', (_name, text, read, line, reason) => {
    const { records, damage } = parseLog(text)
    expect(records).toEqual(log.slice(0, read))
    expect(damage).toEqual({ line, reason: expect.stringMatching(reason) as string })
  })

  it('cut at any byte, gives every record before the cut and nothing else', () => {
    const lines = log.map(formatRecord)
    const bytes = Buffer.from(lines.join(''))
    const ends = lines.map((_, n) => Buffer.byteLength(lines.slice(0, n + 1).join('')))
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { records, damage } = parseLog(bytes.subarray(0, cut).toString('utf8'))
      // A record is whole without its line break.
      const whole = ends.filter((at) => at - 1 <= cut).length
      expect(records).toEqual(log.slice(0, whole))
      const isWhole = cut > 0 && ends.some((at) => cut === at || cut === at - 1)
      expect(damage).toEqual(isWhole ? undefined : { line: whole + 1, reason: expect.any(String) as string })
    }
  })

  it('round-trips any JSON value, and survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), (values) => {
        const records = [
          run,
          ...values.map((value, n) => ({ ...end, kind: 'x' as never, seq: n + 2, key: `k${n}`, value })),
        ]
        expect(parseLog(formatLog(records)).records).toEqual(JSON.parse(JSON.stringify(records)))
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseLog(text)).toMatchObject({ records: [], damage: { line: expect.any(Number) as number } })
      }),
    )
  })
})
