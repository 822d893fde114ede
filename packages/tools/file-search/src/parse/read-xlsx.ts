import { numberedParts } from './office-kind.ts'
import { officeTitle } from './office-title.ts'
import type { ParsedFile } from './parsed-file.ts'
import { ReadFailure } from './read-failure.ts'
import { readXml } from './read-xml.ts'
import { textSink } from './text-sink.ts'
import type { ZipFile } from './unzip.ts'

/** Sheets, row by row, cells apart by tabs: of a workbook. Formulas are there by their last values. */
export const readXlsx = (zip: ZipFile, maxCharacters: number): ParsedFile => {
  const sink = textSink(maxCharacters)
  const shared = zip.has('xl/sharedStrings.xml')
    ? sharedTexts(zip.read('xl/sharedStrings.xml'), maxCharacters)
    : []
  const names = sheetNames(zip)
  const pages: { name: string; start: number }[] = []
  for (const [index, part] of numberedParts(zip, /^xl\/worksheets\/sheet(\d+)\.xml$/).entries()) {
    const name = names[index] ?? `Sheet ${index + 1}`
    pages.push({ name, start: sink.length })
    sink.add(`# ${name}\n\n`)
    readSheet(zip.read(part), shared, sink.add)
    sink.add('\n')
  }
  return { kind: 'xlsx', text: sink.text(), pages, ...officeTitle(zip) }
}

const sheetNames = (zip: ZipFile): string[] => {
  const names: string[] = []
  readXml(zip.read('xl/workbook.xml'), {
    open(tag, { name }) {
      if (tag === 'sheet' && name !== undefined) names.push(name.slice(0, 100))
    },
  })
  return names
}

/** Texts that cells refer to by number. */
const sharedTexts = (bytes: Uint8Array, maxCharacters: number): string[] => {
  const sink = textSink(maxCharacters)
  const texts: string[] = []
  let text = ''
  let inText = false
  let inReading = false
  readXml(bytes, {
    open(tag) {
      if (tag === 'si') text = ''
      else if (tag === 'rPh') inReading = true
      else if (tag === 't') inText = true
    },
    close(tag) {
      if (tag === 't') inText = false
      else if (tag === 'rPh') inReading = false
      else if (tag === 'si') {
        sink.add(text)
        texts.push(text)
      }
    },
    text(piece) {
      if (inText && !inReading) text += piece
    },
  })
  return texts
}

const readSheet = (bytes: Uint8Array, shared: readonly string[], add: (text: string) => void): void => {
  let type = ''
  let value = ''
  let inValue = false
  let cells: string[] = []
  let column = 0
  readXml(bytes, {
    open(tag, attributes) {
      if (tag === 'row') {
        cells = []
        column = 0
      } else if (tag === 'c') {
        type = attributes.t ?? 'n'
        value = ''
        column = columnOf(attributes.r) ?? column
      } else if (tag === 'v' || tag === 't') inValue = true
    },
    close(tag) {
      if (tag === 'v' || tag === 't') inValue = false
      else if (tag === 'c') {
        const text =
          type === 's' ? sharedText(shared, value) : type === 'b' ? (value === '1' ? 'TRUE' : 'FALSE') : value
        if (text !== '') {
          while (cells.length < column) cells.push('')
          cells[column] = text.replace(/\s+/g, ' ')
        }
        column += 1
      } else if (tag === 'row' && cells.length > 0) add(`${cells.join('\t')}\n`)
    },
    text(text) {
      if (inValue) value += text
    },
  })
}

const sharedText = (shared: readonly string[], value: string): string => {
  const text = shared[Number(value)]
  if (text === undefined)
    throw new ReadFailure(
      'invalid_file',
      'The file cannot be read: a cell refers to a text that is not there.',
    )
  return text
}

/** The most columns that a sheet can have. */
const MAX_COLUMNS = 16_384
/** Empty cells that are kept in a row, so that columns stay below each other; a cell far out comes right after the others. */
const MAX_EMPTY = 256

/** The column of a place such as `AB12`, from 0. */
const columnOf = (place: string | undefined): number | undefined => {
  const letters = /^([A-Z]{1,3})\d+$/.exec(place ?? '')?.[1]
  if (letters === undefined) return undefined
  let column = 0
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64
  return column > MAX_COLUMNS || column > MAX_EMPTY ? undefined : column - 1
}
