import { type ServeOptions, serve } from '@antiphon/server'
import type { Model } from 'antiphon'
import { scripted } from 'antiphon/testing'
import OpenAI, { toFile } from 'openai'
import { onTestFinished } from 'vitest'
import { type FileSearch, type FileSearchOptions, fileSearch } from '../src/file-search.ts'

export interface Serving {
  readonly openai: OpenAI
  readonly url: string
  readonly tool: FileSearch
  readonly modelName: string
  /** The client of a key. */
  as(apiKey: string): OpenAI
  close(): Promise<void>
}

/** A server with file search on a free port of loopback, ended after the test; and the official client for it. */
export const serving = async (
  options: FileSearchOptions = {},
  { model = scripted(['Hello.']), ...serveOptions }: ServeOptions & { readonly model?: Model } = {},
): Promise<Serving> => {
  const tool = fileSearch({ runs: 'local', ...options })
  const server = serve(model, { store: 'memory', tools: [tool], onError: () => undefined, ...serveOptions })
  const { url } = await server.listen(0)
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= server.close()
    return closed
  }
  onTestFinished(close)
  const as = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
  return { openai: as('none'), url: `${url}/v1`, tool, modelName: server.models[0] ?? '', as, close }
}

/** A file of the official client. */
export const textFile = (name: string, text: string) => toFile(Buffer.from(text), name)

export const POLL = { pollIntervalMs: 20 }
