import { deflateSync } from 'node:zlib'
import { type ParseLimits, parseFile } from '@antiphon/file-search'
import fc from 'fast-check'
import { strToU8, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { docx, paragraph, pdf, pdfOf, xlsx, zipOf } from './sample-files.ts'

const MIB = 1024 * 1024

/** The code that a file is refused with. */
const refusal = async (bytes: Uint8Array, filename: string, limits: ParseLimits = {}): Promise<unknown> =>
  parseFile(bytes, { filename, limits }).then(
    (file) => `read: ${file.text.slice(0, 100)}`,
    (error: { code?: unknown; name?: unknown }) => (error.name === 'ParseError' ? error.code : error),
  )

/** A number in the head of the n-th file of a zip's directory. */
const patchDirectory = (
  zip: Uint8Array,
  offset: number,
  value: number,
  bytes: 2 | 4,
  nth = 0,
): Uint8Array => {
  const copy = zip.slice()
  const view = new DataView(copy.buffer)
  let seen = 0
  for (let at = 0; at + 4 < copy.length; at++)
    if (view.getUint32(at, true) === 0x02014b50 && seen++ === nth) {
      if (bytes === 2) view.setUint16(at + offset, value, true)
      else view.setUint32(at + offset, value, true)
      return copy
    }
  throw new Error('There is no such file.')
}

test('a file over the limit is refused by its length, without a look into it', async () => {
  // Memory that is never touched: a gigabyte that costs nothing as long as nobody reads it.
  const huge = new Uint8Array(1024 * MIB)
  huge.set(strToU8('%PDF-1.4\n'))
  expect(await refusal(huge, 'huge.pdf')).toBe('file_too_large')
})

test('a bomb of zeros in a document is stopped by its ratio', async () => {
  const bomb = docx(paragraph('Hello'), { 'word/document.xml': new Uint8Array(40 * MIB) })
  expect(bomb.length).toBeLessThan(MIB)
  expect(await refusal(bomb, 'bomb.docx')).toBe('invalid_file')
})

test('a bomb that says it is small is counted by what it unpacks to', async () => {
  const bomb = docx(paragraph('Hello'), { 'word/document.xml': new Uint8Array(20 * MIB) })
  expect(await refusal(patchDirectory(bomb, 24, 100, 4, 1), 'bomb.docx')).toBe('invalid_file')
})

test('much text that packs well is stopped by the limit of unpacked bytes, parts taken together', async () => {
  const lines = Array.from({ length: 60_000 }, (_, n) => paragraph(`Line ${n * 7919}`)).join('')
  const file = docx(lines)
  expect(await refusal(file, 'long.docx', { maxUnpackedBytes: MIB })).toBe('file_too_large')
  expect(await refusal(file, 'long.docx', { maxCharacters: 10_000 })).toBe('file_too_large')
  expect(await refusal(file, 'long.docx')).toMatch(/^read: Line 0/)
})

test('zips in zips stay packed', async () => {
  let zip = zipSync({ '0.txt': new Uint8Array(10 * MIB) })
  for (let n = 1; n < 6; n++)
    zip = zipSync(Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`${i}.zip`, zip])))
  expect(await refusal(zip, '42.zip')).toBe('unsupported_file')
  expect(await refusal(docx(paragraph('Fine'), { 'word/embeddings/a.docx': zip }), 'a.docx')).toMatch(
    /^read: Fine/,
  )
})

test('files of a zip that lie over each other are refused', async () => {
  const zip = docx(paragraph('Hello'), { 'word/a.xml': 'A', 'word/b.xml': 'B' })
  expect(await refusal(patchDirectory(zip, 42, 0, 4, 1), 'a.docx')).toBe('invalid_file')
})

test('a zip with a damaged, encrypted, foreign or endless directory is refused', async () => {
  const zip = docx(paragraph('Hello'))
  for (const [what, bytes] of Object.entries({
    encrypted: patchDirectory(zip, 8, 1, 2),
    'another method': patchDirectory(zip, 10, 12, 2),
    'packed length': patchDirectory(zip, 20, 0xfffffff0, 4),
    'place of the head': patchDirectory(zip, 42, 0xffffff00, 4),
    'length of the name': patchDirectory(zip, 28, 0xffff, 2),
    'cut off': zip.slice(0, -30),
    'only the head': zip.slice(0, 4),
  }))
    expect(await refusal(bytes, 'a.docx'), what).toBe('invalid_file')
  const many = zipOf(Object.fromEntries(Array.from({ length: 10_050 }, (_, n) => [`${n}`, ''])))
  expect(await refusal(many, 'many.docx')).toBe('invalid_file')
})

test('entities of a document are neither expanded nor fetched', async () => {
  const laughs = `<!DOCTYPE d [<!ENTITY a "ha">${Array.from({ length: 20 }, (_, n) => `<!ENTITY a${n} "${`&a${n - 1};`.repeat(10)}">`).join('')}]>`
  const file = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
  for (const type of [laughs, file, file.toLowerCase(), `<?xml version="1.0"?>\n<!-- c -->${file}`])
    expect(
      await refusal(
        docx('', { 'word/document.xml': `${type}<w:document><w:p><w:t>&x;&a19;</w:t></w:p></w:document>` }),
        'a.docx',
      ),
    ).toBe('invalid_file')
})

test('deep nesting is refused, in documents and in pages', async () => {
  expect(await refusal(docx('<w:p>'.repeat(100_000)), 'deep.docx')).toBe('invalid_file')
  expect(await refusal(strToU8(`<html><body>${'<div>'.repeat(200_000)}`), 'deep.html')).toBe('invalid_file')
})

test('a page of very many elements, and one of broken tags, end in bounds', async () => {
  const limits = { timeoutMs: 20_000 }
  for (const part of ['<p>x', '<', '<a href="', '<!--', '&amp', '<b><i>', '<table><tr><td>', '\u0600']) {
    const answer = await refusal(strToU8(`<html>${part.repeat(100_000)}`), 'odd.html', limits)
    expect(answer, part).toMatch(/^(read: |invalid_file|file_too_large|parse_timeout)/)
  }
}, 240_000)

test('a wrong type is told as such', async () => {
  expect(await refusal(strToU8('Just text.'), 'report.docx')).toBe('invalid_file')
  expect(await refusal(strToU8('Just text.'), 'report.pdf')).toBe('invalid_file')
  expect(await refusal(zipOf({ 'a.txt': 'A' }), 'report.docx')).toBe('unsupported_file')
  expect(await refusal(docx(paragraph('A')), 'report.pdf')).toBe('invalid_file')
  expect(await refusal(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10]), 'a.txt')).toBe('unsupported_file')
  expect(await refusal(new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 1, 1]), 'a.doc')).toBe('unsupported_file')
  expect(await refusal(new Uint8Array(0), 'a.txt')).toBe('invalid_file')
})

test('what is no text is refused: bytes that are no UTF-8, zeros', async () => {
  expect(await refusal(new Uint8Array([72, 105, 0xff, 0xc3]), 'a.txt')).toBe('invalid_file')
  expect(await refusal(new Uint8Array([72, 0, 105]), 'a.txt')).toBe('unsupported_file')
  expect(await refusal(new Uint8Array([0xff, 0xfe, 0, 0xd8]), 'a.txt')).toBe('invalid_file')
  expect(await refusal(docx('', { 'word/document.xml': new Uint8Array([0x3c, 0xff, 0xff]) }), 'a.docx')).toBe(
    'invalid_file',
  )
})

test('a cell that refers to nothing, and one far out of the sheet, end in bounds', async () => {
  expect(await refusal(xlsx('<row><c t="s"><v>99</v></c></row>'), 'a.xlsx')).toBe('invalid_file')
  expect(await refusal(xlsx('<row><c r="XFD1"><v>7</v></c><c r="ZZZ9"><v>8</v></c></row>'), 'a.xlsx')).toBe(
    'read: # Sales & more\n\n7\t8\n\n',
  )
})

test('a PDF that is cut off or scrambled is refused or read, never waited for', async () => {
  const whole = pdf(['Once upon a time', 'The end'])
  for (const part of [0.2, 0.5, 0.8])
    expect(await refusal(whole.slice(0, whole.length * part), 'cut.pdf', { timeoutMs: 15_000 })).toMatch(
      /^(read|invalid_file)/,
    )
  expect(await refusal(strToU8('%PDF-1.7\n'), 'empty.pdf')).toBe('invalid_file')
})

test('a PDF whose pages go in a circle has none, or is refused', async () => {
  const circle = strToU8(
    '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1000000/Kids[2 0 R 2 0 R]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n',
  )
  expect(await refusal(circle, 'circle.pdf', { timeoutMs: 15_000 })).toMatch(
    /^(invalid_file|file_too_large|read: \s*$)/,
  )
})

test('a PDF that unpacks to a lot ends at the limit of time or memory, and the next file is read', async () => {
  const packed = pdfOf([deflateSync(new Uint8Array(300 * MIB))], false)
  const text = Buffer.from(packed).toString('latin1').replace('/Length', '/Filter /FlateDecode /Length')
  const file = new Uint8Array(Buffer.from(text, 'latin1'))
  expect(file.length).toBeLessThan(2 * MIB)
  expect(await refusal(file, 'bomb.pdf', { timeoutMs: 20_000, maxMemoryBytes: 256 * MIB })).toMatch(
    /^(file_too_large|parse_timeout|invalid_file|parse_failed|read: \s*$)/,
  )
  expect((await parseFile(pdf(['Still here']), { filename: 'a.pdf' })).text.trim()).toBe('Still here')
}, 120_000)

test('reading that takes too long ends, and is told as such', async () => {
  const slow = pdf(Array.from({ length: 3_000 }, (_, n) => `Page ${n}`))
  expect(await refusal(slow, 'slow.pdf', { timeoutMs: 50 })).toBe('parse_timeout')
})

test('whoever does not want the file any more gets none, also while others wait', async () => {
  const controller = new AbortController()
  const slow = pdf(Array.from({ length: 3_000 }, (_, n) => `Page ${n}`))
  const reading = Array.from({ length: 5 }, () =>
    parseFile(slow, { filename: 'slow.pdf', signal: controller.signal }).catch(
      (error: { code: string }) => error.code,
    ),
  )
  const other = parseFile(pdf(['Mine']), { filename: 'mine.pdf' })
  controller.abort()
  expect(await Promise.all(reading)).toEqual(Array.from({ length: 5 }, () => 'aborted'))
  expect((await other).text.trim()).toBe('Mine')
})

test('documents that are changed at any place are read or refused', async () => {
  const samples = [docx(paragraph('Hello')), xlsx('<row><c t="s"><v>0</v></c></row>', ['a']), pdf(['Hello'])]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
      async (sample, changes) => {
        const bytes = sample.slice()
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        expect(await refusal(bytes, 'sample', { timeoutMs: 15_000 })).toMatch(
          /^(read|invalid_file|unsupported_file|file_too_large)/,
        )
      },
    ),
    { numRuns: 40 },
  )
}, 240_000)

test('names are shown in one line, and cut', async () => {
  const filename = `evil\n\u202egnp."${'x'.repeat(500)}.pdf`
  const error: Error = await parseFile(strToU8('x'), { filename }).then(
    () => new Error('read'),
    (error: Error) => error,
  )
  expect(error.message).not.toMatch(/[\n\u202e]/)
  expect(error.message.length).toBeLessThan(300)
})

test('limits that are none are a mistake in the configuration', async () => {
  await expect(parseFile(strToU8('x'), { filename: 'a', limits: { timeoutMs: -1 } })).rejects.toMatchObject({
    code: 'invalid_config',
  })
})
