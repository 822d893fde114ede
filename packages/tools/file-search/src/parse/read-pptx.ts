import { numberedParts } from './office-kind.ts'
import { officeTitle } from './office-title.ts'
import type { ParsedFile } from './parsed-file.ts'
import { readXml } from './read-xml.ts'
import { textSink } from './text-sink.ts'
import type { ZipFile } from './unzip.ts'

/** Slides in the order of their numbers, each with its notes: of a presentation. */
export const readPptx = (zip: ZipFile, maxCharacters: number): ParsedFile => {
  const sink = textSink(maxCharacters)
  const pages: { name: string; start: number }[] = []
  for (const name of numberedParts(zip, /^ppt\/slides\/slide(\d+)\.xml$/)) {
    const number = /(\d+)\.xml$/.exec(name)?.[1] ?? ''
    pages.push({ name: `Slide ${number}`, start: sink.length })
    readSlide(zip, name, sink.add)
    const notes = `ppt/notesSlides/notesSlide${number}.xml`
    if (zip.has(notes)) readSlide(zip, notes, sink.add)
    sink.add('\n')
  }
  return { kind: 'pptx', text: sink.text(), pages, ...officeTitle(zip) }
}

const readSlide = (zip: ZipFile, name: string, add: (text: string) => void): void => {
  let inText = false
  let paragraph = ''
  readXml(zip.read(name), {
    open(tag) {
      if (tag === 't') inText = true
      else if (tag === 'br') paragraph += '\n'
    },
    close(tag) {
      if (tag === 't') inText = false
      else if (tag === 'p') {
        if (paragraph.trim() !== '') add(`${paragraph.trim()}\n`)
        paragraph = ''
      }
    },
    text(text) {
      if (inText) paragraph += text
    },
  })
}
