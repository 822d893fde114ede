import { mkdtempSync, rmSync } from 'node:fs'
import { request as ask, createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Served, ServeOptions } from '@antiphon/server'
import OpenAI from 'openai'
import { expect, onTestFinished } from 'vitest'
import { serving } from './serving.ts'
import { problemsOfEvents, problemsOfResponse } from './valid-response.ts'

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string
  readonly path: string
  /** The body of the request, read as JSON. */
  readonly asked: Record<string, unknown> | undefined
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly answer: string
}

/** A server behind a proxy that holds every response and every event that passes against what they have to be. */
export interface Recorded {
  /** Base URL of the proxy, with `/v1`. */
  readonly url: string
  /** Of the server itself, for what the proxy does not pass on: WebSockets. */
  readonly direct: string
  /** The official client, by way of the proxy. */
  readonly openai: OpenAI
  readonly exchanges: Exchange[]
}

/** The events of a stream, read from its text. */
export const eventsIn = (text: string): Record<string, unknown>[] =>
  text
    .split('\n\n')
    .map((frame) =>
      frame
        .split('\n')
        .find((line) => line.startsWith('data: '))
        ?.slice(6),
    )
    .filter((data) => data !== undefined && data !== '[DONE]')
    .map((data) => JSON.parse(data as string) as Record<string, unknown>)

const isStream = (headers: IncomingHttpHeaders): boolean =>
  headers['content-type']?.startsWith('text/event-stream') === true

/** What is wrong with an answer. A stream that its reader left is not looked at. */
const problemsOf = ({ path, status, headers, answer }: Exchange): string[] => {
  if (isStream(headers)) {
    if (!answer.endsWith('data: [DONE]\n\n')) return []
    const after = new URL(path, 'http://proxy').searchParams.get('starting_after')
    const events = eventsIn(answer)
    // Whoever has the last event already is told nothing more.
    if (after !== null && events.length === 0) return []
    return problemsOfEvents(events, { first: after === null ? 0 : Number(after) + 1 })
  }
  const body = JSON.parse(answer) as Record<string, unknown>
  if (status >= 400) {
    const { message, type } = (body.error ?? {}) as Record<string, unknown>
    return typeof message === 'string' && typeof type === 'string' ? [] : [`no error body: ${answer}`]
  }
  return body.object === 'response' && body.deleted !== true ? problemsOfResponse(body) : []
}

/** Serves behind the recording proxy. When the test has finished, everything that passed has to be in order. */
export const recorded = async (
  served: Served | Readonly<Record<string, Served>>,
  options: ServeOptions = {},
  apiKey = 'none',
): Promise<Recorded> => {
  const { url: direct } = await serving(served, options)
  const exchanges: Exchange[] = []
  const target = new URL(direct)
  const proxy = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming
    const asked: Buffer[] = []
    const answer: Buffer[] = []
    const { hostname, port } = target
    const onward = ask({ hostname, port, method, path, headers }, (reply) => {
      const { statusCode: status = 0, headers } = reply
      outgoing.writeHead(status, headers)
      outgoing.flushHeaders()
      reply.on('data', (bytes: Buffer) => answer.push(bytes))
      reply.on('end', () => {
        const sent = Buffer.concat(asked).toString()
        exchanges.push({
          method,
          path,
          asked: sent === '' ? undefined : JSON.parse(sent),
          status,
          headers,
          answer: Buffer.concat(answer).toString(),
        })
      })
      reply.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.on('data', (bytes: Buffer) => asked.push(bytes))
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
    expect(exchanges.flatMap((one) => problemsOf(one).map((problem) => `${one.path}: ${problem}`))).toEqual(
      [],
    )
  })
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/v1`
  return { url, direct, openai: new OpenAI({ baseURL: url, apiKey, maxRetries: 0 }), exchanges }
}

/** Where a test's server keeps what it keeps. */
export const STORES = ['memory', 'sqlite'] as const

/** A store of its own for one test. */
export const storeOf = (kind: (typeof STORES)[number]): string => {
  if (kind === 'memory') return 'memory'
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-clients-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'x.db')
}
