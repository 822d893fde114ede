import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Server } from '@antiphon/server'
import { serve } from '@antiphon/server'
import { type ModelContext, offline } from 'antiphon'
import express, { type Express } from 'express'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { streamResponse } from './event-reader.ts'
import { problemsOfEvents, problemsOfResponse } from './valid-response.ts'

const served = (): Server & { readonly errors: unknown[] } => {
  const errors: unknown[] = []
  const server = serve(offline(), { store: 'memory', onError: (error) => errors.push(error) })
  onTestFinished(() => server.close())
  return { ...server, errors }
}

/** An Express program on a free port. */
const listening = async (app: Express): Promise<string> => {
  const http = createServer(app)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

/** Plain, as a stream, taken up again, and removed, by the official client. */
const expectWhole = async (url: string): Promise<void> => {
  const openai = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  const plain = await openai.responses.create({ model: 'offline', input: 'Hello' })
  expect(problemsOfResponse(plain)).toEqual([])
  const reader = streamResponse(url, { input: 'Hello' })
  expect(await reader.over).toBe('done')
  expect(problemsOfEvents(reader.events)).toEqual([])
  const again = await openai.responses.retrieve(plain.id)
  expect(again.output_text).toBe(plain.output_text)
  await openai.responses.delete(plain.id)
  await expect(openai.responses.retrieve(plain.id)).rejects.toMatchObject({ status: 404 })
}

const post = async (url: string, body: string, type = 'application/json') => {
  const answer = await fetch(`${url}/responses`, { method: 'POST', headers: { 'content-type': type }, body })
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() }
}

describe('in Express', () => {
  it('answers at its own path, below another one, and at none; and leaves the other routes alone', async () => {
    const { nodeHandler } = served()
    const below = await listening(
      express()
        .use('/v1', nodeHandler)
        .get('/', (_, response) => void response.send('home')),
    )
    await expectWhole(`${below}/v1`)
    expect(await (await fetch(below)).text()).toBe('home')
    await expectWhole(`${await listening(express().use('/api', nodeHandler))}/api/v1`)
    await expectWhole(`${await listening(express().use(nodeHandler))}/v1`)
    const routed = express.Router().use('/v1', nodeHandler)
    await expectWhole(`${await listening(express().use('/deep', routed))}/deep/v1`)
  })

  it.each([
    ['as JSON', express.json({ limit: '30mb' })],
    ['as text', express.text({ type: '*/*' })],
    ['as bytes', express.raw({ type: '*/*' })],
    ['as a form, which it is not', express.urlencoded()],
  ])('answers behind what reads bodies %s', async (_, parser) => {
    const { nodeHandler, errors } = served()
    const url = `${await listening(express().use(parser).use('/v1', nodeHandler))}/v1`
    await expectWhole(url)
    // What it checks is checked behind a parser, too.
    expect(await post(url, '{"input":"Hello","temprature":1}')).toMatchObject({ status: 400 })
    const deep = `{"input":${'['.repeat(200)}${']'.repeat(200)}}`
    expect(JSON.parse((await post(url, deep)).text)).toMatchObject({ error: { code: 'invalid_json' } })
    expect(errors).toEqual([])
  })

  it('leaves to a parser before it what that refuses: broken JSON, and its own limit', async () => {
    const { nodeHandler } = served()
    const app = express()
      .use(express.json())
      .use('/v1', nodeHandler)
      .use(((error, _request, response, _next) => {
        response.status(error.status).send(error.type)
      }) as express.ErrorRequestHandler)
    const url = `${await listening(app)}/v1`
    expect(await post(url, '{"input":')).toMatchObject({ status: 400, text: 'entity.parse.failed' })
    const large = JSON.stringify({ input: 'x'.repeat(200_000) })
    expect(await post(url, large)).toMatchObject({ status: 413, text: 'entity.too.large' })
  })

  it('tells its owner when somebody has read the body and left nothing of it', async () => {
    const { nodeHandler, errors } = served()
    const app = express()
      .use((request, _, next) => void request.resume().on('end', next))
      .use('/v1', nodeHandler)
    const url = `${await listening(app)}/v1`
    const { status, text } = await post(url, '{"input":"Hello"}')
    expect(status).toBe(500)
    expect(text).not.toContain('request.body')
    expect(String(errors[0])).toMatch('Mount the handler before what reads bodies.')
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('stops what runs when the client leaves', async () => {
    let stopped = false
    const server = serve(
      Object.assign(
        async (_: unknown, __: unknown, context: ModelContext) => {
          await new Promise<void>((resolve) => context.onAbort(() => resolve()))
          stopped = true
        },
        { modelName: 'slow' },
      ),
      { store: 'memory', onError: () => undefined },
    )
    onTestFinished(() => server.close())
    const url = `${await listening(express().use(express.json()).use('/v1', server.nodeHandler))}/v1`
    const reader = streamResponse(url, { input: 'Hello' })
    await reader.until(({ type }) => type === 'response.created')
    reader.leave()
    await expect.poll(() => stopped).toBe(true)
  })
})

describe('as a route handler of Next', () => {
  // app/v1/[...path]/route.ts: one export per method, called with the request and what its path matched.
  type RouteHandler = (
    request: Request,
    context: { readonly params: Promise<{ readonly path: string[] }> },
  ) => Promise<Response>
  const routeOf = (server: Server): Record<string, RouteHandler> => ({
    GET: server.fetch,
    POST: server.fetch,
    DELETE: server.fetch,
  })
  /** A request of Next is a subclass, with fields of its own. */
  class NextRequest extends Request {
    readonly nextUrl = new URL(this.url)
    readonly cookies = new Map<string, string>()
  }
  const ask = async (
    route: Record<string, RouteHandler>,
    path: string,
    init: RequestInit = {},
  ): Promise<Response> => {
    const request = new NextRequest(`http://app.example/v1/${path}`, {
      headers: { 'content-type': 'application/json' },
      ...init,
    })
    const params = Promise.resolve({ path: path.split('/') })
    return (await route[request.method]?.(request, { params })) as Response
  }

  it('answers each method, as a whole and as a stream', async () => {
    const route = routeOf(served())
    const plain = await ask(route, 'responses', { method: 'POST', body: '{"input":"Hello"}' })
    expect(plain.status).toBe(200)
    const response = (await plain.json()) as { id: string }
    expect(problemsOfResponse(response)).toEqual([])
    expect(await (await ask(route, `responses/${response.id}`)).json()).toEqual(response)
    const stream = await ask(route, 'responses', { method: 'POST', body: '{"input":"Hello","stream":true}' })
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/)
    const gone = await ask(route, `responses/${response.id}`, { method: 'DELETE' })
    expect(await gone.json()).toMatchObject({ id: response.id, deleted: true })
    expect((await ask(route, `responses/${response.id}`)).status).toBe(404)
  })

  it('stops what runs when the request is aborted', async () => {
    let stopped = false
    const server = serve(
      Object.assign(
        async (_: unknown, __: unknown, context: ModelContext) => {
          await new Promise<void>((resolve) => context.onAbort(() => resolve()))
          stopped = true
        },
        { modelName: 'slow' },
      ),
      { store: 'memory', onError: () => undefined },
    )
    onTestFinished(() => server.close())
    const controller = new AbortController()
    const stream = await ask(routeOf(server), 'responses', {
      method: 'POST',
      body: '{"input":"Hello","stream":true}',
      signal: controller.signal,
    })
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    controller.abort()
    await expect.poll(() => stopped).toBe(true)
  })
})
