import { ReadFailure } from './read-failure.ts'
import type { ZipFile } from './unzip.ts'

/** Which document a zip is. @throws ReadFailure `unsupported_file` */
export const officeKind = (zip: ZipFile): 'docx' | 'pptx' | 'xlsx' => {
  if (zip.has('word/document.xml')) return 'docx'
  if (zip.has('ppt/presentation.xml')) return 'pptx'
  if (zip.has('xl/workbook.xml')) return 'xlsx'
  throw new ReadFailure(
    'unsupported_file',
    'The file is a zip, but no docx, pptx or xlsx. Unpack it, and add its files one by one.',
  )
}

/** Parts such as `ppt/slides/slide12.xml`, by their numbers. */
export const numberedParts = (zip: ZipFile, pattern: RegExp): string[] =>
  zip.names
    .flatMap((name) => {
      const number = pattern.exec(name)?.[1]
      return number === undefined ? [] : [{ name, number: Number(number) }]
    })
    .sort((a, b) => a.number - b.number)
    .map(({ name }) => name)
