import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDotKernel, plainKernel } from '../src/index-of-chunks/dot-kernel.ts'
import { checkFilter, MAX_COMPARISONS, MAX_FILTER_DEPTH } from '../src/index-of-chunks/filter.ts'
import { fuse } from '../src/index-of-chunks/fuse.ts'
import { TopHits } from '../src/index-of-chunks/top-hits.ts'
import { VectorMatrix } from '../src/index-of-chunks/vector-matrix.ts'
import { queryWords, wordsOf } from '../src/index-of-chunks/words.ts'
import { chunksFrom, openSqliteIndex } from './open-index.ts'

test('a word has letters, digits and marks, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })),
      (text) => {
        for (const word of [...wordsOf(text), ...queryWords(text)]) {
          expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u)
          expect(word.length).toBeLessThanOrEqual(80)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('names count in parts and as a whole', () => {
  expect(wordsOf('pthread_mutex_lock')).toEqual(['pthread', 'mutex', 'lock', 'pthreadmutexlock'])
  expect(wordsOf('parseXMLFile')).toEqual(['pars', 'xml', 'file', 'parsexmlfil'])
  expect(wordsOf('apt-get v3.51')).toEqual(['apt', 'get', 'aptget', 'v3', '51', 'v351'])
  expect(wordsOf('Running dogs')).toEqual(['run', 'dog'])
})

test('small words count only where there is nothing else, and a question has a bounded number of words', () => {
  expect(queryWords('how do I list the files')).toEqual(['list', 'file'])
  expect(queryWords('how to')).toEqual(['how', 'to'])
  expect(queryWords(Array.from({ length: 500 }, (_, n) => `word${n}`).join(' ')).length).toBeLessThanOrEqual(
    64,
  )
})

test('the compiled kernel gives what plain code gives', () => {
  const kernels = [createDotKernel(), plainKernel()]
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer(),
      (rows, blocks, seed) => {
        const width = blocks * 16
        const answers = kernels.map(({ memory, dots }) => {
          const bytes = new Int8Array(memory.buffer)
          for (let at = 0; at < width * (rows + 1); at++) bytes[at] = Math.imul(at + 1, seed | 1) >> 13
          dots(width, rows, width, 0, 32_768)
          return [...new Int32Array(memory.buffer, 32_768, rows)]
        })
        expect(answers[0]).toEqual(answers[1])
      },
    ),
  )
})

test('the extremes of bytes do not overflow', () => {
  for (const { memory, dots } of [createDotKernel(), plainKernel()]) {
    new Int8Array(memory.buffer).fill(-127, 0, 16_384)
    dots(8_192, 1, 8_192, 0, 32_768)
    expect(new Int32Array(memory.buffer, 32_768, 1)[0]).toBe(127 * 127 * 8_192)
  }
})

test('a matrix grows row by row, over several stretches, and lets in only what counts', async () => {
  const matrix = new VectorMatrix(3)
  for (let n = 0; n < 10_000; n++) matrix.add(n, n % 10, Float32Array.from([1, n / 10_000, 0]))
  let pauses = 0
  const hits = await matrix.best(Float32Array.from([0, 1, 0]), {
    counts: (file) => file === 3,
    limit: 3,
    pause: async () => {
      pauses += 1
    },
  })
  expect(hits).toHaveLength(3)
  for (const { chunkNo } of hits) {
    expect(chunkNo % 10).toBe(3)
    expect(chunkNo).toBeGreaterThan(9_800)
  }
  expect(pauses).toBe(0)
})

test('the best of many hits are the best of all, equal ones in their order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 20 }),
      (scores, limit) => {
        const best = new TopHits(limit)
        for (const [n, score] of scores.entries()) if (score > best.least) best.add(n, score)
        const all = scores
          .map((score, chunkNo) => ({ chunkNo, score }))
          .sort((a, b) => b.score - a.score || a.chunkNo - b.chunkNo)
        expect(best.sorted()).toEqual(all.slice(0, limit))
      },
    ),
  )
})

test('fused scores are 0 to 1: 1 for the first of all lists, nothing from a list that weighs nothing', () => {
  const scores = fuse([
    { keys: ['a', 'b', 'c'], weight: 2 },
    { keys: ['a', 'd'], weight: 1 },
    { keys: ['e'], weight: 0 },
  ])
  expect(scores.get('a')).toBeCloseTo(1, 12)
  expect([...scores.keys()].sort()).toEqual(['a', 'b', 'c', 'd'])
  expect(scores.get('b') ?? 0).toBeGreaterThan(scores.get('d') ?? 1)
})

test('filters from outside are held against their bounds, and the mistake is named', () => {
  const deep = (depth: number): unknown =>
    depth === 0 ? { type: 'eq', key: 'a', value: 1 } : { type: 'and', filters: [deep(depth - 1)] }
  expect(checkFilter(deep(MAX_FILTER_DEPTH - 1))).toEqual(deep(MAX_FILTER_DEPTH - 1))
  const many = {
    type: 'or',
    filters: Array.from({ length: 9 }, () => ({
      type: 'or',
      filters: Array.from({ length: 8 }, () => deep(0)),
    })),
  }
  for (const [wrong, place] of [
    [deep(MAX_FILTER_DEPTH), 'nested'],
    [deep(1_000), 'nested'],
    [many, `${MAX_COMPARISONS} comparisons`],
    [null, 'filters'],
    [[], 'filters'],
    [{ type: 'like', key: 'a', value: 'b' }, 'filters.type'],
    [{ type: 'eq', key: '', value: 1 }, 'filters.key'],
    [{ type: 'eq', key: 'a'.repeat(65), value: 1 }, 'filters.key'],
    [{ type: 'eq', key: 'a', value: null }, 'filters.value'],
    [{ type: 'gt', key: 'a', value: true }, 'filters.value'],
    [{ type: 'eq', key: 'a', value: Number.NaN }, 'filters.value'],
    [{ type: 'in', key: 'a', value: 'b' }, 'filters.value'],
    [{ type: 'in', key: 'a', value: [{}] }, 'filters.value[0]'],
    [{ type: 'and', filters: [] }, 'filters.filters'],
    [{ type: 'or', filters: [{ type: 'eq' }] }, 'filters.filters[0].key'],
  ] as const)
    expect(() => checkFilter(wrong), place).toThrow(place)
})

test('what an attempt that was cut off has left is not found, and goes with the next one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-index-'))
  const { sql, index, close } = await openSqliteIndex(join(folder, 'a.db'))
  try {
    await index.add('t', 'vs', 'f', chunksFrom(['a heron'], [[1, 0]]), {})
    // As a process leaves it that dies before the last of its transactions.
    await sql.run('update antiphon_chunk_files set ready = 0')
    expect(
      await index.search('t', ['vs'], { text: 'heron', embedding: Float32Array.from([1, 0]), limit: 5 }),
    ).toEqual([])
    await index.add('t', 'vs', 'f', chunksFrom(['a heron again'], [[1, 0]]), {})
    const found = await index.search('t', ['vs'], {
      text: 'heron',
      embedding: Float32Array.from([1, 0]),
      limit: 5,
    })
    expect(found.map(({ text }) => text)).toEqual(['a heron again'])
    for (const table of ['chunks', 'chunk_files', 'chunk_vectors', 'chunk_words_1'])
      expect(await sql.all(`select count(*) as n from antiphon_${table}`), table).toEqual([{ n: 1 }])
    expect(await sql.all('select chunks from antiphon_chunk_stores')).toEqual([{ chunks: 1 }])
  } finally {
    await close()
    rmSync(folder, { recursive: true, force: true })
  }
})
