import { getDocumentProxy } from 'unpdf'
import type { ParsedFile } from './parsed-file.ts'
import { ReadFailure } from './read-failure.ts'
import { textSink } from './text-sink.ts'

/** Pages of a file; more than any book has. */
const MAX_PAGES = 10_000
const MAX_TITLE = 500

/** Pages as lines of text. Images are not looked at: what was scanned has no text. */
export const readPdf = async (bytes: Uint8Array, maxCharacters: number): Promise<ParsedFile> => {
  const sink = textSink(maxCharacters)
  const pages: { name: string; start: number }[] = []
  const document = await open(bytes)
  try {
    if (document.numPages > MAX_PAGES)
      throw new ReadFailure(
        'file_too_large',
        `The file has ${document.numPages} pages, more than ${MAX_PAGES}. Divide it.`,
      )
    for (let number = 1; number <= document.numPages; number++) {
      pages.push({ name: String(number), start: sink.length })
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      for (const item of items) if ('str' in item) sink.add(item.hasEOL ? `${item.str}\n` : item.str)
      sink.add('\n\n')
      page.cleanup()
    }
    const { info } = await document.getMetadata()
    const title = (info as { Title?: unknown }).Title
    return {
      kind: 'pdf',
      text: sink.text(),
      pages,
      ...(typeof title === 'string' && title.trim() !== ''
        ? { title: title.trim().slice(0, MAX_TITLE) }
        : {}),
    }
  } catch (cause) {
    throw cause instanceof ReadFailure ? cause : wrong(cause)
  } finally {
    await document.destroy()
  }
}

const open = async (bytes: Uint8Array) => {
  try {
    return await getDocumentProxy(bytes, {
      isEvalSupported: false,
      disableFontFace: true,
      useSystemFonts: false,
      verbosity: 0,
    })
  } catch (cause) {
    throw wrong(cause)
  }
}

const wrong = (cause: unknown): ReadFailure =>
  (cause as { name?: string }).name === 'PasswordException'
    ? new ReadFailure('unsupported_file', 'The file is protected by a password. Save it without one.', {
        cause,
      })
    : new ReadFailure('invalid_file', 'The file is no PDF that can be read. Is it damaged?', { cause })
