/** What a file is, by its bytes and its name. */
export type FileKind = 'pdf' | 'docx' | 'pptx' | 'xlsx' | 'html' | 'text'

/** The text of a file. */
export interface ParsedFile {
  readonly kind: FileKind
  /** Of html and docx as Markdown; pages, slides and sheets are apart by empty lines. */
  readonly text: string
  /** What the file says of itself. */
  readonly title?: string
  /** Where each page, slide or sheet begins in the text, when it has any. */
  readonly pages?: readonly { readonly name: string; readonly start: number }[]
}

/** Bounds of reading one file. */
export interface ParseLimits {
  /** Bytes of the file. @defaultValue 64 MiB */
  readonly maxBytes?: number
  /** Bytes of everything that is packed inside of it, together. @defaultValue 256 MiB */
  readonly maxUnpackedBytes?: number
  /** Characters of the text that comes out. @defaultValue 20,000,000 */
  readonly maxCharacters?: number
  /** Time for all of it. @defaultValue 60000 */
  readonly timeoutMs?: number
  /** Memory of the process that reads it; held on Linux, elsewhere only by its heap. @defaultValue 1 GiB */
  readonly maxMemoryBytes?: number
}

/** What is known of a file beside its bytes. */
export interface ParseOptions {
  readonly filename: string
  /** Only asked where bytes and name say nothing. */
  readonly mimeType?: string
  readonly limits?: ParseLimits
  readonly signal?: AbortSignal
}
