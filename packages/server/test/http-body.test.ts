import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonErrorAt, tooDeepAt } from '../src/http/json-text.ts'
import { parseJson } from '../src/http/read-body.ts'
import { echo, json, RawClient, startServer } from './http-server.ts'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('where a text is no JSON', () => {
  it('agrees with JSON.parse on what is JSON', () => {
    const mutated = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '\\', '0', ' ', ':', '\n', 'e', '-'),
      )
      .map(([text, at, piece]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + piece + text.slice(place + (at % 2))
      })
    fc.assert(
      fc.property(fc.oneof(fc.json(), mutated, fc.string()), (text) => {
        if (isJson(text)) return
        const at = jsonErrorAt(text)
        expect(at).toBeLessThanOrEqual(text.length)
        // What comes before it can still become JSON, so no shorter text has an error in it.
        expect(jsonErrorAt(text.slice(0, at))).toBe(at)
      }),
    )
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(jsonErrorAt(text)).toBe(text.length)
      }),
    )
  })

  it('says the place', () => {
    for (const [text, place] of [
      ['{"a":}', 'position 5 (line 1, column 6)'],
      ['{\n "a": 1,\n "b" 2}', 'position 16 (line 3, column 6)'],
      ['[1, 2', 'ends too early at position 5'],
      ['"\u0001"', 'position 1 (line 1, column 2)'],
      ['x', 'position 0 (line 1, column 1)'],
      ['[1]]', 'position 3 (line 1, column 4)'],
    ] as const)
      expect(() => parseJson(text)).toThrow(place)
  })

  it('counts how deep a text nests, and not what is in strings', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 0, max: 8 }), (value, max) => {
        expect(tooDeepAt(JSON.stringify(value), max) !== -1).toBe(depthOf(value) > max)
      }),
    )
    expect(tooDeepAt(JSON.stringify(['[[[["\\', '\\"[[[']), 1)).toBe(-1)
  })
})

describe('bodies over HTTP', () => {
  const post = (
    url: string,
    body: string | Buffer,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) => fetch(`${url}/v1/responses`, { method: 'POST', body, headers })
  const codeOf = async (response: Response): Promise<unknown> =>
    ((await response.json()) as { error: { code: string } }).error.code

  it('reads every kind of JSON', async () => {
    const { url } = await startServer([echo])
    for (const type of ['application/json', 'Application/JSON; charset="UTF-8"', 'application/vnd.acme+json'])
      expect(await (await post(url, '{"ä":[1]}', { 'content-type': type })).json()).toEqual({ ä: [1] })
    // No content type at all; and a byte order mark.
    expect(await (await post(url, Buffer.from('\ufeff{"a":1}'), {})).json()).toEqual({ a: 1 })
  })

  it('refuses other types and encodings', async () => {
    const { url } = await startServer([echo])
    const refused: Record<string, string>[] = [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/jsonp' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      { 'content-type': 'application/json', 'content-encoding': 'br' },
    ]
    for (const headers of refused) {
      const response = await post(url, '{}', headers)
      expect(response.status).toBe(415)
      expect(await codeOf(response)).toMatch(/^unsupported_content_/)
    }
  })

  it('refuses what is no JSON, no UTF-8, empty, or too deep', async () => {
    const { url, errors } = await startServer([echo])
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`
    for (const [body, message] of [
      ['{"secret": tru', 'position 11'],
      [Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'UTF-8'],
      [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'UTF-8'],
      ['', 'no body'],
      [' \n', 'no body'],
      [deep, 'deeper than 64 levels, at position 64'],
      ['{"a":'.repeat(70), 'deeper than 64 levels'],
    ] as const) {
      const response = await post(url, body)
      expect(response.status).toBe(400)
      const told = await response.text()
      expect(told).toContain(message)
      expect(told).not.toContain('secret')
    }
    expect((await post(url, `${'['.repeat(64)}${']'.repeat(64)}`)).status).toBe(200)
    expect(errors).toEqual([])
  })

  it('lets a handler do without a body, and reads it once', async () => {
    const { url } = await startServer([
      {
        method: 'POST',
        path: '/optional',
        handle: async (call) => {
          const [one, two] = await Promise.all([
            call.json({ isOptional: true }),
            call.json({ isOptional: true }),
          ])
          return json({ isEmpty: one === undefined, isSame: one === two })
        },
      },
    ])
    const empty = await fetch(`${url}/v1/optional`, { method: 'POST' })
    expect(await empty.json()).toEqual({ isEmpty: true, isSame: true })
    const given = await fetch(`${url}/v1/optional`, { method: 'POST', body: Buffer.from('{}') })
    expect(await given.json()).toEqual({ isEmpty: false, isSame: true })
  })

  it('takes 20 MiB and not a byte more; the refused sender sees why, and is disconnected', async () => {
    const { url, port } = await startServer([
      { ...echo, handle: async (call) => json({ size: JSON.stringify(await call.json()).length }) },
    ])
    const limit = 20 * 1024 * 1024
    const body = `"${'x'.repeat(limit - 2)}"`
    expect(await (await post(url, body)).json()).toEqual({ size: limit })

    const declared = new RawClient(port).post('/v1/responses', `${body} `)
    await declared.until(/413 Payload Too Large[\s\S]*connection: close[\s\S]*request_too_large/i)
    await declared.closed

    const chunked = new RawClient(port).write(
      'POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    const piece = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 21; n++) chunked.write(`100000\r\n${piece}\r\n`)
    chunked.write('0\r\n\r\n')
    await chunked.until(/413 Payload Too Large[\s\S]*connection: close[\s\S]*request_too_large/i)
    await chunked.closed
  })

  it('reads on behind a refusal, so that a sender which only sends sees it in the end', async () => {
    const { port } = await startServer([echo], { bodyLimitBytes: 1000 })
    const client = new RawClient(port)
    client.socket.pause()
    client.post('/v1/responses', 'x'.repeat(8 * 1024 * 1024))
    await new Promise((sent) => client.socket.write('\r\n', sent))
    client.socket.resume()
    await client.until(/413 Payload Too Large[\s\S]*request_too_large/)
    await client.closed
  })

  it('asks for a body that waits to be asked for, and refuses it before it is sent', async () => {
    const { port } = await startServer([echo], { bodyLimitBytes: 100 })
    const head = (length: number): string =>
      `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`
    const asked = new RawClient(port).write(head(2))
    await asked.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
    await asked.write('{}').until(/200 OK[\s\S]*\{\}$/)
    const refused = new RawClient(port).write(head(100_000))
    await refused.until(/^HTTP\/1.1 413 /)
  })

  it('puts a body together that comes byte by byte', async () => {
    const { port } = await startServer([echo])
    const client = new RawClient(port)
    client.socket.setNoDelay(true)
    client.write('POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 11\r\n\r\n')
    for (const byte of Buffer.from('{"ä":"é"}')) {
      client.write(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    const text = await client.until(/200 OK[\s\S]*\}$/)
    expect(Buffer.from(text, 'latin1').toString()).toMatch(/\{"ä":"é"\}$/)
  })
})
