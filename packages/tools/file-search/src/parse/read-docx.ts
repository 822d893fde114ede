import { numberedParts } from './office-kind.ts'
import { officeTitle } from './office-title.ts'
import type { ParsedFile } from './parsed-file.ts'
import { readXml } from './read-xml.ts'
import { textSink } from './text-sink.ts'
import type { ZipFile } from './unzip.ts'

/** Paragraphs, headings by their style, tables by rows, then notes: of a Word document. */
export const readDocx = (zip: ZipFile, maxCharacters: number): ParsedFile => {
  const sink = textSink(maxCharacters)
  readPart(zip, 'word/document.xml', sink.add)
  for (const name of [
    ...numberedParts(zip, /^word\/(?:foot|end)notes(\d*)\.xml$/),
    ...numberedParts(zip, /^word\/comments(\d*)\.xml$/),
  ])
    readPart(zip, name, sink.add)
  return { kind: 'docx', text: tidy(sink.text()), ...officeTitle(zip) }
}

const readPart = (zip: ZipFile, name: string, add: (text: string) => void): void => {
  let inText = false
  let deleted = 0
  let heading = 0
  let tables = 0
  let paragraph = ''
  const end = (): void => {
    const text = paragraph.trim()
    paragraph = ''
    if (text !== '')
      add(tables > 0 ? `${text} ` : `${'#'.repeat(heading)}${heading > 0 ? ' ' : ''}${text}\n\n`)
    heading = 0
  }
  readXml(zip.read(name), {
    open(tag, attributes) {
      if (tag === 't') inText = true
      else if (tag === 'del' || tag === 'moveFrom') deleted += 1
      else if (tag === 'tab') paragraph += '\t'
      else if (tag === 'br' || tag === 'cr') paragraph += '\n'
      else if (tag === 'tbl') tables += 1
      else if (tag === 'pStyle') heading = headingOf(attributes['w:val'] ?? '')
      else if (tag === 'p') end()
    },
    close(tag) {
      if (tag === 't') inText = false
      else if (tag === 'del' || tag === 'moveFrom') deleted -= 1
      else if (tag === 'p') end()
      else if (tag === 'tc') add('| ')
      else if (tag === 'tr') add('\n')
      else if (tag === 'tbl') {
        tables -= 1
        add('\n')
      }
    },
    text(text) {
      if (inText && deleted === 0) paragraph += text
    },
  })
  end()
}

const headingOf = (style: string): number => {
  if (/^title$/i.test(style)) return 1
  const level = Number(/^heading ?(\d)$/i.exec(style)?.[1] ?? 0)
  return Math.min(level, 6)
}

/** No more than one empty line. */
const tidy = (text: string): string => text.replace(/\n{3,}/g, '\n\n').trim()
