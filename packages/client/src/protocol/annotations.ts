import type { ExtensionType } from './open.ts'

/** Points to a file that the answer draws on. Source: Responses API, annotations. */
export interface FileCitation {
  type: 'file_citation'
  file_id: string
  filename: string
  /** Position of the file in the list of files, from 0. */
  index: number
}

/**
 * Points from a span of the text to a web page. Indexes count characters of the text.
 *
 * Source: Responses API, annotations.
 */
export interface UrlCitation {
  type: 'url_citation'
  url: string
  title: string
  start_index: number
  end_index: number
}

/** Points from a span of the text to a file in a container. Source: Responses API, annotations. */
export interface ContainerFileCitation {
  type: 'container_file_citation'
  container_id: string
  file_id: string
  filename: string
  start_index: number
  end_index: number
}

/** Path of a file that the model made. Source: Responses API, annotations. */
export interface FilePath {
  type: 'file_path'
  file_id: string
  index: number
}

/** An annotation of a kind that is in no contract; passed on untouched. */
export interface UnknownAnnotation {
  type: ExtensionType
  [field: string]: unknown
}

/** What an `output_text` part points to. Source: Responses API, `Annotation`. */
export type Annotation = FileCitation | UrlCitation | ContainerFileCitation | FilePath | UnknownAnnotation
