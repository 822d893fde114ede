import { decodeText } from './decode-text.ts'
import type { DetectedKind } from './detect-kind.ts'
import { officeKind } from './office-kind.ts'
import type { ParsedFile, ParseLimits } from './parsed-file.ts'
import { openZip } from './unzip.ts'

/** What is read in the process of its own. */
export interface ReadRequest {
  readonly kind: DetectedKind
  readonly filename: string
  readonly limits: Required<ParseLimits>
}

/** Reads a file of a known kind; what reads it is loaded when it is needed. */
export const readKind = async (
  bytes: Uint8Array,
  { kind, filename, limits }: ReadRequest,
): Promise<ParsedFile> => {
  const { maxCharacters } = limits
  switch (kind) {
    case 'text':
      return { kind, text: decodeText(bytes, filename, maxCharacters) }
    case 'html':
      return (await import('./read-html.ts')).readHtml(
        decodeText(bytes, filename, maxCharacters),
        maxCharacters,
      )
    case 'pdf':
      return (await import('./read-pdf.ts')).readPdf(bytes, maxCharacters)
    default: {
      const zip = openZip(bytes, limits.maxUnpackedBytes)
      const found = officeKind(zip)
      if (found === 'docx') return (await import('./read-docx.ts')).readDocx(zip, maxCharacters)
      if (found === 'pptx') return (await import('./read-pptx.ts')).readPptx(zip, maxCharacters)
      return (await import('./read-xlsx.ts')).readXlsx(zip, maxCharacters)
    }
  }
}
