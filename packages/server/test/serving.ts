import { type Served, type ServeOptions, serve } from '@antiphon/server'
import OpenAI from 'openai'
import { onTestFinished } from 'vitest'

/** A server on a free port of loopback, ended after the test; and the official client for it. */
export const serving = async (
  served: Served | Readonly<Record<string, Served>>,
  options: ServeOptions = {},
): Promise<{ readonly url: string; readonly openai: OpenAI; close(): Promise<void> }> => {
  const errors: unknown[] = []
  const server = serve(served, { store: 'memory', onError: (error) => errors.push(error), ...options })
  const { url } = await server.listen(0)
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= server.close()
    return closed
  }
  onTestFinished(close)
  return {
    url: `${url}/v1`,
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 }),
    close,
  }
}
