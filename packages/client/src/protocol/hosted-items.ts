import type { OpenString } from './open.ts'

/** The model looked for `query`, or for each of `queries`. `sources` needs its include. */
export interface WebSearchActionSearch {
  type: 'search'
  query?: string
  queries?: string[]
  /** Pages consulted; with include `web_search_call.action.sources`. */
  sources?: { type: OpenString<'url'>; url: string }[]
}

/** The model opened a page. */
export interface WebSearchActionOpenPage {
  type: 'open_page'
  url?: string | null
}

/** The model looked for a pattern within a page. */
export interface WebSearchActionFindInPage {
  type: 'find_in_page'
  url: string
  pattern: string
}

/** A search of the web, executed by the provider. Source: Responses API, `WebSearchToolCall`. */
export interface WebSearchCall {
  type: 'web_search_call'
  id: string
  status: OpenString<'in_progress' | 'searching' | 'completed' | 'failed'>
  /** By contract always there; some servers fill it only when the call is done. */
  action?: WebSearchActionSearch | WebSearchActionOpenPage | WebSearchActionFindInPage
  /** What was found, as the provider gives it; with include `web_search_call.results`. */
  results?: unknown[] | null
}

/** A chunk that a file search found. */
export interface FileSearchResult {
  file_id?: string
  filename?: string
  text?: string
  /** Relevance, 0–1. */
  score?: number
  /** At most 16 pairs. */
  attributes?: Record<string, string | number | boolean> | null
}

/** A search of vector stores, executed by the provider. Source: Responses API, `FileSearchToolCall`. */
export interface FileSearchCall {
  type: 'file_search_call'
  id: string
  status: OpenString<'in_progress' | 'searching' | 'completed' | 'incomplete' | 'failed'>
  queries: string[]
  /** Present with include `file_search_call.results`. */
  results?: FileSearchResult[] | null
}

/** What code printed, or an image it drew. */
export type CodeInterpreterOutput = { type: 'logs'; logs: string } | { type: 'image'; url: string }

/** Code that ran in a container of the provider. Source: Responses API, `CodeInterpreterToolCall`. */
export interface CodeInterpreterCall {
  type: 'code_interpreter_call'
  id: string
  status: OpenString<'in_progress' | 'completed' | 'incomplete' | 'interpreting' | 'failed'>
  container_id: string
  code: string | null
  /** Present with include `code_interpreter_call.outputs`. */
  outputs: CodeInterpreterOutput[] | null
}

/** An image the provider made. Source: Responses API, `ImageGenToolCall`. */
export interface ImageGenerationCall {
  type: 'image_generation_call'
  id: string
  status: OpenString<'in_progress' | 'completed' | 'generating' | 'failed'>
  /** The image as base64. */
  result: string | null
}
