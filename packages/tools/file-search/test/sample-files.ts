// Files as programs write them, made here: the smallest that readers take for real.
import { strToU8, type Zippable, zipSync, zlibSync } from 'fflate'

const TYPES =
  '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
const A =
  'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'

/** A zip of texts and bytes. */
export const zipOf = (files: Record<string, string | Uint8Array>): Uint8Array =>
  zipSync(
    Object.fromEntries(
      Object.entries(files).map(([name, content]) => [
        name,
        typeof content === 'string' ? strToU8(content) : content,
      ]),
    ) as Zippable,
  )

/** A Word document with this body; its parts can be added to or replaced. */
export const docx = (body: string, more: Record<string, string | Uint8Array> = {}): Uint8Array =>
  zipOf({
    '[Content_Types].xml': TYPES,
    'word/document.xml': `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document ${W}><w:body>${body}</w:body></w:document>`,
    'docProps/core.xml':
      '<cp:coreProperties xmlns:cp="c" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The report</dc:title><dc:creator>Somebody</dc:creator></cp:coreProperties>',
    ...more,
  })

/** A paragraph of Word, with a style when it has one. */
export const paragraph = (text: string, style?: string): string =>
  `<w:p>${style === undefined ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`

/** A presentation, a text for each slide. */
export const pptx = (slides: readonly string[]): Uint8Array =>
  zipOf({
    '[Content_Types].xml': TYPES,
    'ppt/presentation.xml': `<p:presentation ${A}/>`,
    ...Object.fromEntries(
      slides.map((text, index) => [
        `ppt/slides/slide${index + 1}.xml`,
        `<p:sld ${A}><p:cSld><p:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:cSld></p:sld>`,
      ]),
    ),
    'ppt/notesSlides/notesSlide1.xml': `<p:notes ${A}><a:p><a:r><a:t>Say hello first.</a:t></a:r></a:p></p:notes>`,
  })

/** A workbook of one sheet. */
export const xlsx = (rows: string, shared: readonly string[] = []): Uint8Array =>
  zipOf({
    '[Content_Types].xml': TYPES,
    'xl/workbook.xml': '<workbook><sheets><sheet name="Sales &amp; more" sheetId="1"/></sheets></workbook>',
    'xl/sharedStrings.xml': `<sst>${shared.map((text) => `<si><t>${text}</t></si>`).join('')}</sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
  })

/** A PDF, a line of text for each page. `packed` for streams that are compressed, as they usually are. */
export const pdf = (pages: readonly string[], packed = true): Uint8Array =>
  pdfOf(
    pages.map((text) => strToU8(`BT /F1 24 Tf 72 700 Td (${text}) Tj ET`)),
    packed,
  )

/** A PDF of page contents. */
export const pdfOf = (contents: readonly Uint8Array[], packed: boolean): Uint8Array => {
  const parts: Uint8Array[] = []
  const offsets: number[] = []
  let at = 0
  const add = (bytes: Uint8Array | string): void => {
    const part = typeof bytes === 'string' ? strToU8(bytes, true) : bytes
    parts.push(part)
    at += part.length
  }
  const object = (number: number, body: string, stream?: Uint8Array): void => {
    offsets[number] = at
    add(`${number} 0 obj\n${body}\n`)
    if (stream !== undefined) {
      add('stream\n')
      add(stream)
      add('\nendstream\n')
    }
    add('endobj\n')
  }
  add('%PDF-1.4\n')
  object(1, '<< /Type /Catalog /Pages 2 0 R >>')
  object(
    2,
    `<< /Type /Pages /Count ${contents.length} /Kids [${contents.map((_, n) => `${4 + n * 2} 0 R`).join(' ')}] >>`,
  )
  object(3, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>')
  for (const [n, content] of contents.entries()) {
    const stream = packed ? zlibSync(content) : content
    object(
      4 + n * 2,
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + n * 2} 0 R >>`,
    )
    object(5 + n * 2, `<< /Length ${stream.length} ${packed ? '/Filter /FlateDecode' : ''} >>`, stream)
  }
  const info = 4 + contents.length * 2
  object(info, '<< /Title (A tale) >>')
  const start = at
  add(`xref\n0 ${info + 1}\n0000000000 65535 f \n`)
  for (let n = 1; n <= info; n++) add(`${String(offsets[n]).padStart(10, '0')} 00000 n \n`)
  add(`trailer\n<< /Size ${info + 1} /Root 1 0 R /Info ${info} 0 R >>\nstartxref\n${start}\n%%EOF\n`)
  return new Uint8Array(Buffer.concat(parts))
}
