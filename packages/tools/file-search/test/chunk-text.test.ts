import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunksOf, chunkText } from '../src/chunk/chunk-text.ts'
import { countTokens } from '../src/chunk/count-tokens.ts'

const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.lorem({ maxCount: 12 }),
  fc.constantFrom(
    '\n',
    '\n\n',
    '\r\n',
    '. ',
    '。',
    ' ',
    '\t',
    '🧭',
    '漢字',
    '<|endoftext|>',
    '\ud800',
    '\u0000',
    'e\u0301',
  ),
  fc
    .tuple(fc.constantFrom('a', ' ', '.', '=', '漢', '🧭'), fc.integer({ min: 1, max: 700 }))
    .map(([c, n]) => c.repeat(n)),
)
const text = fc.array(word, { maxLength: 80 }).map((words) => words.join(''))
const options = fc
  .tuple(fc.integer({ min: 100, max: 400 }), fc.double({ min: 0, max: 0.5, noNaN: true }))
  .map(([maxTokens, part]) => ({ maxTokens, overlapTokens: Math.floor(maxTokens * part) }))

test('nothing but space is lost, offsets are true, limits hold, order is kept', () => {
  fc.assert(
    fc.property(text, options, (whole, how) => {
      const chunks = chunkText(whole, how)
      let covered = 0
      for (const [index, chunk] of chunks.entries()) {
        expect(chunk.ordinal).toBe(index)
        expect(whole.slice(chunk.start, chunk.end)).toBe(chunk.text)
        expect(chunk.tokens).toBe(countTokens(chunk.text))
        expect(chunk.tokens).toBeLessThanOrEqual(how.maxTokens)
        expect(chunk.text.trim()).toBe(chunk.text)
        expect(chunk.end).toBeGreaterThan(covered)
        expect(whole.slice(covered, Math.max(covered, chunk.start)).trim()).toBe('')
        covered = chunk.end
      }
      expect(whole.slice(covered).trim()).toBe('')
    }),
    { numRuns: 150 },
  )
})

test('neighbours share the overlap that was asked for, and no more', () => {
  const sentences = Array.from({ length: 400 }, (_, n) => `Sentence number ${n} says something short.`)
  const whole = sentences.join(' ')
  for (const overlapTokens of [0, 50, 200]) {
    const chunks = chunkText(whole, { maxTokens: 400, overlapTokens })
    expect(chunks.length).toBeGreaterThan(5)
    for (const [index, chunk] of chunks.entries()) {
      const before = chunks[index - 1]
      if (before === undefined) continue
      const shared = whole.slice(chunk.start, Math.max(chunk.start, before.end))
      expect(countTokens(shared)).toBeLessThanOrEqual(overlapTokens + 1)
      if (overlapTokens > 0) expect(countTokens(shared)).toBeGreaterThan(overlapTokens - 30)
    }
  }
})

test('chunks end where paragraphs end, when there are such ends in reach', () => {
  const paragraph = 'One thing is said here. Another thing is said there, and a third.'.repeat(3)
  const whole = Array.from({ length: 30 }, () => paragraph).join('\n\n')
  for (const chunk of chunkText(whole, { maxTokens: 200, overlapTokens: 0 }))
    expect(whole.slice(chunk.end, chunk.end + 2)).toBe(chunk.end === whole.length ? '' : '\n\n')
})

test('the default is 800 tokens, 400 of them shared', () => {
  const chunks = chunkText('All is well that ends well. '.repeat(1_000))
  expect(Math.max(...chunks.map(({ tokens }) => tokens))).toBeGreaterThan(790)
  expect(Math.max(...chunks.map(({ tokens }) => tokens))).toBeLessThanOrEqual(800)
  expect((chunks[0]?.end ?? 0) - (chunks[1]?.start ?? 0)).toBeGreaterThan(1_000)
})

test('an empty text and one of space have no chunks', () => {
  expect(chunkText('')).toEqual([])
  expect(chunkText(' \n\n\t '.repeat(500))).toEqual([])
})

test('a letter repeated for a megabyte is cut, and does not cost its square', () => {
  for (const sign of ['a', 'ab', '漢', '=', '\u0000', ' a', '.)', '\n \u00a0']) {
    const whole = sign.repeat(500_000 / sign.length)
    const cost = process.cpuUsage()
    expect(
      chunkText(whole, { overlapTokens: 0 })
        .map(({ text }) => text.length)
        .reduce((a, b) => a + b, 0),
    ).toBeGreaterThanOrEqual(0)
    const { user } = process.cpuUsage(cost)
    // The square would be minutes.
    expect(user / 1e6).toBeLessThan(30)
  }
})

test('chunks come one by one: a long text does not have to be cut at once', () => {
  const first = chunksOf('Word. '.repeat(2_000_000)).next().value
  expect(first).toMatchObject({ ordinal: 0, start: 0 })
})

test('options out of their bounds are refused at once', () => {
  for (const wrong of [
    { maxTokens: 99 },
    { maxTokens: 4_097 },
    { maxTokens: 100.5 },
    { maxTokens: 200, overlapTokens: 101 },
    { overlapTokens: -1 },
    { maxTokens: Number.NaN },
  ])
    expect(() => chunksOf('text', wrong), JSON.stringify(wrong)).toThrow(
      /Expected `(maxTokens|overlapTokens)`/,
    )
})
