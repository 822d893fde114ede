import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CitedFile, citationsIn } from '../src/file-citations.ts'

const file = (path: string): CitedFile => ({ containerId: 'cntr_1', id: `cfile_${path}`, path })
const cited = (text: string, ...paths: string[]) =>
  citationsIn(text, paths.map(file)).map((each) => {
    const {
      start_index: start,
      end_index: end,
      file_id: id,
    } = each as never as { start_index: number; end_index: number; file_id: string }
    return [text.slice(start, end), id.replace('cfile_', '')]
  })

describe('where a text names files that code made', () => {
  it('marks links, paths and, without either, the first name', () => {
    expect(cited('See [plot](sandbox:/mnt/data/a b.png) and /mnt/data/a b.png.', 'a b.png')).toEqual([
      ['sandbox:/mnt/data/a b.png', 'a b.png'],
      ['/mnt/data/a b.png', 'a b.png'],
    ])
    expect(cited('I saved out.csv; out.csv has 3 rows.', 'out.csv')).toEqual([['out.csv', 'out.csv']])
    expect(cited('𝄞 ü out.csv', 'out.csv')).toEqual([['out.csv', 'out.csv']])
  })

  it('takes no name for a part of another', () => {
    expect(cited('about.csv out.csv2 out.csv.gz my-out.csv', 'out.csv')).toEqual([])
    expect(cited('/mnt/data/out.csv.gz', 'out.csv', 'out.csv.gz')).toEqual([
      ['/mnt/data/out.csv.gz', 'out.csv.gz'],
    ])
    expect(cited('It is in out.csv.', 'out.csv')).toEqual([['out.csv', 'out.csv']])
    expect(cited('nothing here', 'out.csv')).toEqual([])
  })

  it('of any text, never beyond it, never over another, and not without end', () => {
    const word = fc.constantFrom('a.txt', 'sub/a.txt', '/mnt/data/', 'sandbox:', ' ', '.', 'ü', '𝄞', 'b')
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const text = words.join('')
        const found = citationsIn(text, [file('a.txt'), file('sub/a.txt'), file('b')]) as never as {
          start_index: number
          end_index: number
          filename: string
        }[]
        let last = 0
        for (const { start_index: start, end_index: end, filename } of found) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(text.slice(start, end).endsWith(filename)).toBe(true)
          last = end
        }
      }),
    )
    expect(citationsIn('/mnt/data/a.txt '.repeat(1_000), [file('a.txt')])).toHaveLength(100)
  })
})
