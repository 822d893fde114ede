// What holds for the index on every database.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChunkIndex, FoundChunk } from '../src/index-of-chunks/chunk-index.ts'
import type { Filter } from '../src/index-of-chunks/filter.ts'
import { chunksFrom, type OpenIndex } from './open-index.ts'

const places = (found: readonly FoundChunk[]): string[] =>
  found.map(({ fileId, ordinal }) => `${fileId}:${ordinal}`)
let stores = 0
const newStore = (): string => `vs_${++stores}`

/** Sentences about different things, some words in several of them. */
const ANIMALS = [
  'Dogs run in the park and bark at cats.',
  'A cat sleeps on the warm windowsill all day.',
  'The mutex is locked by pthread_mutex_lock before the thread goes on.',
  'Birds sing in the morning, long before the dog wakes up.',
  '東京都は日本の首都である。',
  'Le café est fermé le dimanche.',
]

export const indexSuite = (name: string, open: () => Promise<OpenIndex>): void => {
  describe(name, () => {
    let opened: OpenIndex
    let index: ChunkIndex
    beforeAll(async () => {
      opened = await open()
      index = opened.index
    })
    afterAll(() => opened?.close())

    const animals = async (): Promise<string> => {
      const store = newStore()
      await index.add('t', store, 'file-a', chunksFrom(ANIMALS), {})
      return store
    }

    test('words are found by their stem, in parts of names, without accents, and in scripts without spaces', async () => {
      const store = await animals()
      const first = async (text: string) => places(await index.search('t', [store], { text, limit: 3 }))[0]
      expect(await first('sleeping')).toBe('file-a:1')
      expect(await first('lock a mutex')).toBe('file-a:2')
      expect(await first('pthread_mutex_lock')).toBe('file-a:2')
      expect(await first('cafe dimanche')).toBe('file-a:5')
      expect(await first('CAFÉ')).toBe('file-a:5')
      expect(await first('日本')).toBe('file-a:4')
      expect(await first('nothing of that')).toBeUndefined()
    })

    test('scores are 0 to 1 and fall, and a threshold leaves out what is below', async () => {
      const store = await animals()
      const found = await index.search('t', [store], { text: 'dogs run in the morning', limit: 10 })
      expect(found.length).toBeGreaterThan(1)
      for (const [n, { score }] of found.entries()) {
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(found[n - 1]?.score ?? 1)
      }
      const least = found[1]?.score ?? 0
      const above = await index.search('t', [store], {
        text: 'dogs run in the morning',
        limit: 10,
        ranking: { scoreThreshold: least },
      })
      expect(above).toEqual(found.filter(({ score }) => score >= least))
    })

    test('vectors decide by their direction, as a plain product of all of them does', async () => {
      const store = newStore()
      const random = Array.from({ length: 300 }, () => Array.from({ length: 20 }, () => Math.random() - 0.5))
      await index.add(
        't',
        store,
        'file-a',
        chunksFrom(
          random.map((_, n) => `Text ${n}`),
          random,
        ),
        {},
      )
      const query = Float32Array.from({ length: 20 }, () => Math.random() - 0.5)
      const cosine = (a: readonly number[]): number =>
        a.reduce((sum, one, n) => sum + one * (query[n] ?? 0), 0) / Math.hypot(...a) / Math.hypot(...query)
      const expected = random
        .map((vector, n) => ({ n, cosine: cosine(vector) }))
        .sort((a, b) => b.cosine - a.cosine)
      const found = await index.search('t', [store], {
        text: '',
        embedding: query,
        limit: 10,
        ranking: { ranker: 'none' },
      })
      expect(found).toHaveLength(10)
      for (const [n, { ordinal, score }] of found.entries()) {
        // Numbers of two bytes, where the database has such, move neighbours.
        expect(expected.slice(0, 12).map((one) => one.n)).toContain(ordinal)
        expect(score).toBeCloseTo(expected[n]?.cosine ?? 0, 2)
      }
    })

    test('both together: what comes first in both is first, with 1; weights move the rest', async () => {
      const store = newStore()
      await index.add(
        't',
        store,
        'f',
        chunksFrom(
          ['red apple', 'red car', 'green apple', 'blue sky'],
          [
            [1, 0],
            [0.9, 0.1],
            [0, 1],
            [-1, 0],
          ],
        ),
        {},
      )
      const ask = (embedding: number, text: number) =>
        index.search('t', [store], {
          text: 'apple red',
          embedding: Float32Array.from([1, 0]),
          limit: 4,
          ranking: { weights: { embedding, text } },
        })
      const both = await ask(1, 1)
      expect(places(both)[0]).toBe('f:0')
      expect(both[0]?.score).toBeCloseTo(1, 9)
      expect(places(await ask(1, 0)).slice(0, 2)).toEqual(['f:0', 'f:1'])
      expect(places(await ask(0, 1))).not.toContain('f:3')
    })

    test('equal chunks come in the order of store, file and place, every time', async () => {
      const [one, two] = [newStore(), newStore()].sort() as [string, string]
      for (const store of [two, one])
        for (const file of ['file-b', 'file-a'])
          await index.add(
            't',
            store,
            file,
            chunksFrom(
              ['same words here', 'same words here', 'other'],
              [
                [1, 0],
                [1, 0],
                [0, 1],
              ],
            ),
            {},
          )
      for (const embedding of [undefined, Float32Array.from([1, 0])]) {
        const found = await index.search('t', [one, two], {
          text: 'same words',
          limit: 8,
          ranking: { ranker: 'none' },
          ...(embedding && { embedding }),
        })
        expect(
          found.map(({ storeId, fileId, ordinal }) => `${storeId === one ? 1 : 2} ${fileId} ${ordinal}`),
        ).toEqual([
          '1 file-a 0',
          '1 file-a 1',
          '1 file-b 0',
          '1 file-b 1',
          '2 file-a 0',
          '2 file-a 1',
          '2 file-b 0',
          '2 file-b 1',
        ])
      }
    })

    test('a file that is added again is replaced: words, vectors, attributes', async () => {
      const store = newStore()
      await index.add(
        't',
        store,
        'f',
        chunksFrom(
          ['old zebra', 'old tiger'],
          [
            [1, 0],
            [0, 1],
          ],
        ),
        { v: 1 },
      )
      await index.search('t', [store], { text: 'zebra', embedding: Float32Array.from([1, 0]), limit: 5 })
      await index.add('t', store, 'f', chunksFrom(['new lion'], [[1, 0]]), { v: 2 })
      expect(await index.search('t', [store], { text: 'zebra tiger', limit: 5 })).toEqual([])
      const found = await index.search('t', [store], {
        text: 'lion',
        embedding: Float32Array.from([1, 0]),
        limit: 5,
      })
      expect(found.map(({ text, attributes }) => ({ text, attributes }))).toEqual([
        { text: 'new lion', attributes: { v: 2 } },
      ])
      expect(await index.chunks('t', store, 'f')).toEqual([{ text: 'new lion', ordinal: 0 }])
    })

    test('what is removed is not found, by words or by vectors, and leaves the rest', async () => {
      const store = newStore()
      for (const file of ['a', 'b'])
        await index.add('t', store, file, chunksFrom([`zebra ${file}`], [[1, 0]]), { file })
      const ask = () =>
        index.search('t', [store], { text: 'zebra', embedding: Float32Array.from([1, 0]), limit: 5 })
      expect(places(await ask())).toEqual(['a:0', 'b:0'])
      expect(await index.remove('t', store, 'a')).toBe(true)
      expect(await index.remove('t', store, 'a')).toBe(false)
      expect(places(await ask())).toEqual(['b:0'])
      expect(await index.removeStore('t', store)).toBe(true)
      expect(await index.removeStore('t', store)).toBe(false)
      expect(await ask()).toEqual([])
      await index.add('t', store, 'c', chunksFrom(['zebra c'], [[1, 0, 0]]), {})
      expect(places(await index.search('t', [store], { text: 'zebra', limit: 5 }))).toEqual(['c:0'])
    })

    test('another handle, as another process has it, sees what came and went', async () => {
      const store = newStore()
      const other = opened.other()
      const query = { text: '', embedding: Float32Array.from([1, 0]), limit: 5 }
      await index.add('t', store, 'a', chunksFrom(['x'], [[1, 0]]), {})
      expect(places(await other.search('t', [store], query))).toEqual(['a:0'])
      await index.add(
        't',
        store,
        'b',
        chunksFrom(
          ['y', 'z'],
          [
            [0.9, 0.1],
            [0, 1],
          ],
        ),
        {},
      )
      expect(places(await other.search('t', [store], query))).toEqual(['a:0', 'b:0', 'b:1'])
      await index.remove('t', store, 'a')
      expect(places(await other.search('t', [store], query))).toEqual(['b:0', 'b:1'])
      other.close()
    })

    test('without room in memory the vectors are read for each question, with the same answer', async () => {
      const store = newStore()
      for (let n = 0; n < 5; n++)
        await index.add(
          't',
          store,
          `f${n}`,
          chunksFrom(
            Array.from({ length: 30 }, () => 'x'),
            Array.from({ length: 30 }, (_, i) => [n * 30 + i, 50]),
          ),
          {},
        )
      const query = { text: '', embedding: Float32Array.from([1, 1]), limit: 9 }
      const small = opened.other({ maxVectorBytes: 100 })
      expect(places(await small.search('t', [store], query))).toEqual(
        places(await index.search('t', [store], query)),
      )
      small.close()
    })

    test('one tenant finds, counts and changes nothing of another, whatever ids it names', async () => {
      const store = await animals()
      await index.add('u', store, 'file-a', chunksFrom(['a dog of the other tenant']), {})
      expect(await index.search('nobody', [store], { text: 'dog', limit: 5 })).toEqual([])
      expect(await index.remove('nobody', store, 'file-a')).toBe(false)
      expect(await index.setAttributes('nobody', store, 'file-a', { a: 1 })).toBe(false)
      expect(await index.chunks('nobody', store, 'file-a')).toEqual([])
      expect(await index.removeStore('nobody', store)).toBe(false)
      const before = await index.search('t', [store], { text: 'dog', limit: 5 })
      await index.add('u', store, 'file-b', chunksFrom(Array.from({ length: 50 }, () => 'dog dog dog')), {})
      expect(await index.search('t', [store], { text: 'dog', limit: 5 })).toEqual(before)
      expect((await index.search('u', [store], { text: 'cat', limit: 5 })).length).toBe(0)
    })

    test('each comparison finds the files it says, and they can be joined', async () => {
      const store = newStore()
      const files: Record<string, Record<string, string | number | boolean>> = {
        a: { year: 2020, lang: 'en', draft: true },
        b: { year: 2024, lang: 'de', draft: false },
        c: { year: 2026.5, lang: 'EN' },
        d: { lang: "x' or 1=1 --", year: '2024' },
        e: {},
      }
      for (const [file, attributes] of Object.entries(files))
        await index.add('t', store, file, chunksFrom(['same text'], [[1, 0]]), attributes)
      const ask = async (filter: Filter): Promise<string> => {
        const found = await index.search('t', [store], { text: 'text', filter, limit: 10 })
        const byVector = await index.search('t', [store], {
          text: '',
          embedding: Float32Array.from([1, 0]),
          filter,
          limit: 10,
        })
        expect(places(byVector)).toEqual(places(found))
        return found.map(({ fileId }) => fileId).join('')
      }
      expect(await ask({ type: 'eq', key: 'year', value: 2024 })).toBe('b')
      expect(await ask({ type: 'eq', key: 'year', value: '2024' })).toBe('d')
      expect(await ask({ type: 'eq', key: 'draft', value: true })).toBe('a')
      expect(await ask({ type: 'ne', key: 'lang', value: 'en' })).toBe('bcde')
      expect(await ask({ type: 'gt', key: 'year', value: 2024 })).toBe('c')
      expect(await ask({ type: 'gte', key: 'year', value: 2024 })).toBe('bc')
      expect(await ask({ type: 'lt', key: 'year', value: 2024 })).toBe('a')
      expect(await ask({ type: 'lte', key: 'year', value: 2024 })).toBe('ab')
      expect(await ask({ type: 'gt', key: 'lang', value: 'a' })).toBe('abd')
      expect(await ask({ type: 'in', key: 'year', value: [2020, 2026.5, 'x'] })).toBe('ac')
      expect(await ask({ type: 'in', key: 'lang', value: [] })).toBe('')
      expect(await ask({ type: 'nin', key: 'lang', value: ['en', 'de'] })).toBe('cde')
      expect(await ask({ type: 'eq', key: 'lang', value: "x' or 1=1 --" })).toBe('d')
      expect(
        await ask({
          type: 'and',
          filters: [
            { type: 'gte', key: 'year', value: 2020 },
            {
              type: 'or',
              filters: [
                { type: 'eq', key: 'lang', value: 'de' },
                { type: 'eq', key: 'draft', value: true },
              ],
            },
          ],
        }),
      ).toBe('ab')
      expect(await index.setAttributes('t', store, 'e', { year: 2024 })).toBe(true)
      expect(await ask({ type: 'eq', key: 'year', value: 2024 })).toBe('be')
    })

    test('any question and any text is words, never a statement', async () => {
      const store = newStore()
      await index.add('t', store, 'keep', chunksFrom(['a lighthouse stays']), {})
      const junk = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        fc
          .array(
            fc.constantFrom(
              '"',
              "'",
              ' NEAR(',
              ')',
              '*',
              '^',
              ' OR ',
              ' AND ',
              ' NOT ',
              ':',
              '-',
              '&',
              '|',
              '!',
              '<->',
              '\\',
              '\0',
              '%',
              '?',
              '$1',
              'lighthouse',
              ';drop table antiphon_chunks;',
              '\ud800',
            ),
            { maxLength: 20 },
          )
          .map((parts) => parts.join('')),
      )
      await fc.assert(
        fc.asyncProperty(junk, junk, async (text, body) => {
          await index.add('t', store, 'junk', chunksFrom([body]), { key: body.slice(0, 100) })
          const found = await index.search('t', [store], {
            text,
            limit: 5,
            filter: { type: 'ne', key: text.slice(0, 60) || 'k', value: text.slice(0, 200) },
          })
          for (const { score } of found) expect(score).toBeLessThanOrEqual(1)
          expect(await index.search(text, [text], { text, limit: 1 })).toEqual([])
          expect(await index.remove(text, text, text)).toBe(false)
        }),
        { numRuns: 40 },
      )
      expect(places(await index.search('t', [store], { text: 'lighthouse', limit: 5 }))).toContain('keep:0')
    })

    test('vectors of another length are refused, in a file and in a question', async () => {
      const store = newStore()
      await index.add('t', store, 'f', chunksFrom(['a'], [[1, 0, 0]]), {})
      await expect(index.add('t', store, 'g', chunksFrom(['a'], [[1, 0]]), {})).rejects.toMatchObject({
        code: 'invalid_config',
      })
      await expect(index.add('t', store, 'g', chunksFrom(['a', 'b'], [[1, 0, 0]]), {})).rejects.toMatchObject(
        { code: 'invalid_config' },
      )
      await expect(
        index.add('t', store, 'g', chunksFrom(['a'], [[Number.NaN, 0, 0]]), {}),
      ).rejects.toMatchObject({ code: 'invalid_config' })
      await expect(
        index.search('t', [store], { text: 'a', embedding: Float32Array.from([1]), limit: 1 }),
      ).rejects.toMatchObject({ code: 'invalid_config' })
      await index.add('t', store, 'h', chunksFrom(['no vector here']), {})
      expect(
        places(
          await index.search('t', [store], {
            text: 'vector',
            embedding: Float32Array.from([0, 1, 0]),
            limit: 5,
          }),
        ),
      ).toContain('h:0')
    })

    test('files that are added at the same time are all there', async () => {
      const store = newStore()
      await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          index.add(
            't',
            store,
            `f${n}`,
            chunksFrom(Array.from({ length: 200 }, (_, i) => `walrus ${n} ${i}`)),
            { n },
          ),
        ),
      )
      const found = await index.search('t', [store], { text: 'walrus', limit: 1_000 })
      expect(found).toHaveLength(1_000)
      for (let n = 0; n < 8; n++)
        expect(await index.chunks('t', store, `f${n}`, { after: 99, limit: 1_000 })).toHaveLength(100)
    })

    test('a question that is ended before it begins is not asked', async () => {
      const store = await animals()
      await expect(
        index.search('t', [store], { text: 'dog', limit: 1, signal: AbortSignal.abort() }),
      ).rejects.toThrow()
    })
  })
}
