import type { FileKind } from './parsed-file.ts'
import { ReadFailure } from './read-failure.ts'

/** What a file is, as far as its first bytes and its name tell; `zip` is to be looked into. */
export type DetectedKind = FileKind | 'zip'

/** What begins with these bytes is nothing to read text from, whatever its name says. */
const FOREIGN: readonly (readonly [string, readonly number[]])[] = [
  ['an image (PNG)', [0x89, 0x50, 0x4e, 0x47]],
  ['an image (JPEG)', [0xff, 0xd8, 0xff]],
  ['an image (GIF)', [0x47, 0x49, 0x46, 0x38]],
  ['compressed (gzip)', [0x1f, 0x8b]],
  ['compressed (bzip2)', [0x42, 0x5a, 0x68]],
  ['compressed (xz)', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['compressed (zstd)', [0x28, 0xb5, 0x2f, 0xfd]],
  ['an archive (7z)', [0x37, 0x7a, 0xbc, 0xaf]],
  ['an archive (rar)', [0x52, 0x61, 0x72, 0x21]],
  ['a program (ELF)', [0x7f, 0x45, 0x4c, 0x46]],
  ['a program (Mach-O)', [0xcf, 0xfa, 0xed, 0xfe]],
  ['an older Office file (.doc, .xls, .ppt) or a protected one', [0xd0, 0xcf, 0x11, 0xe0]],
  ['SQLite', [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66]],
]

const NAMED: ReadonlyMap<string, DetectedKind> = new Map([
  ['pdf', 'pdf'],
  ['docx', 'docx'],
  ['pptx', 'pptx'],
  ['xlsx', 'xlsx'],
  ['html', 'html'],
  ['htm', 'html'],
  ['xhtml', 'html'],
])

const TYPED: ReadonlyMap<string, DetectedKind> = new Map([
  ['application/pdf', 'pdf'],
  ['text/html', 'html'],
  ['application/xhtml+xml', 'html'],
])

/**
 * What a file is. Bytes tell more than the name, and the name more than the media type; everything that is none of these is text, if it can be read as such.
 *
 * @throws ReadFailure `unsupported_file` for kinds that have no text here; `invalid_file` where name and bytes contradict each other.
 */
export const detectKind = (bytes: Uint8Array, filename: string, mimeType?: string): DetectedKind => {
  if (bytes.length === 0) throw new ReadFailure('invalid_file', `${quoted(filename)} is empty.`)
  const named = NAMED.get(extensionOf(filename))
  if (startsWith(bytes, ZIP)) {
    if (named === 'pdf' || named === 'html')
      throw new ReadFailure('invalid_file', `${quoted(filename)} is a zip, not what its name says.`)
    return 'zip'
  }
  if (holdsPdf(bytes)) return 'pdf'
  for (const [what, magic] of FOREIGN)
    if (startsWith(bytes, magic))
      throw new ReadFailure(
        'unsupported_file',
        `${quoted(filename)} is ${what}. Files that can be read: PDF, docx, pptx, xlsx, HTML, and text of any kind (Markdown, CSV, JSON, code).`,
      )
  if (named !== undefined && named !== 'html')
    throw new ReadFailure(
      'invalid_file',
      `${quoted(filename)} is not what its name says: it does not begin as a ${named} file does. Is it damaged?`,
    )
  if (named === 'html') return 'html'
  const typed =
    extensionOf(filename) === '' ? TYPED.get(mimeType?.split(';')[0]?.trim().toLowerCase() ?? '') : undefined
  return typed === 'html' || looksLikeHtml(bytes) ? 'html' : 'text'
}

const ZIP = [0x50, 0x4b]
const PDF = [0x25, 0x50, 0x44, 0x46, 0x2d]

const startsWith = (bytes: Uint8Array, magic: readonly number[], at = 0): boolean =>
  magic.every((byte, index) => bytes[at + index] === byte)

/** Readers accept other things before the first line of a PDF, up to 1,024 bytes; only space and marks of encodings do here. */
const holdsPdf = (bytes: Uint8Array): boolean => {
  let at = startsWith(bytes, [0xef, 0xbb, 0xbf]) ? 3 : 0
  while (at < 1_024 && SPACE.has(bytes[at] as number)) at += 1
  return startsWith(bytes, PDF, at)
}

const SPACE = new Set([0, 9, 10, 12, 13, 32])

const looksLikeHtml = (bytes: Uint8Array): boolean =>
  /^\ufeff?\s*(<!--[^>]{0,200}-->\s*)?<(!doctype\s+html|html[\s>])/i.test(
    new TextDecoder('utf-8').decode(bytes.subarray(0, 1_024)),
  )

const extensionOf = (filename: string): string =>
  /\.([a-z0-9]{1,8})$/i.exec(filename)?.[1]?.toLowerCase() ?? ''

/** A name as it may be shown: bounded, in one line. */
export const quoted = (filename: string): string =>
  `"${(filename.length > 80 ? `${filename.slice(0, 80)}…` : filename).replace(/[\p{C}"]/gu, '?')}"`
