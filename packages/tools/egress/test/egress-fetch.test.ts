import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEgressFetch } from '../src/egress-fetch.ts'
import { listen, textOf } from './loopback.ts'

const policy = { allowLoopback: true }

describe('a fetch to the outside', () => {
  it('sends every form of body, with its type, and gives an answer of the usual class', async () => {
    const port = await listen(async (request, response) => {
      const type = String(request.headers['content-type']).replace(/boundary=.*/, '')
      const body = await textOf(request)
      response.writeHead(201, { 'set-cookie': ['a=1', 'b=2'] }).end(`${request.method} ${type} ${body}`)
    })
    const url = `http://127.0.0.1:${port}/`
    const ask = createEgressFetch(policy)
    const form = new FormData()
    form.set('name', 'value')
    const bodies: [RequestInit['body'], string][] = [
      ['häh', 'POST text/plain;charset=UTF-8 häh'],
      [new TextEncoder().encode('bytes'), 'POST undefined bytes'],
      [new TextEncoder().encode('buffer').buffer as ArrayBuffer, 'POST undefined buffer'],
      [new URLSearchParams({ a: 'b c' }), 'POST application/x-www-form-urlencoded;charset=UTF-8 a=b+c'],
      [new Blob(['blob'], { type: 'text/x' }), 'POST text/x blob'],
      [new Blob(['streamed']).stream(), 'POST undefined streamed'],
    ]
    for (const [body, told] of bodies) {
      const answer = await ask(url, { method: 'POST', body, duplex: 'half' })
      expect(answer).toBeInstanceOf(Response)
      expect([answer.status, answer.url, answer.redirected]).toEqual([201, url, false])
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
      expect(await answer.text()).toBe(told)
    }
    expect(await (await ask(url, { method: 'POST', body: form })).text()).toMatch(
      /^POST multipart\/form-data; .*name="name".*value/s,
    )
    const made = new Request(url, { method: 'PUT', body: 'made', headers: { 'content-type': 'x/y' } })
    expect(await (await ask(made)).text()).toBe('PUT x/y made')
    expect(await (await ask(new URL(url))).text()).toBe('GET undefined ')
  })

  it('passes an answer on piece by piece, while it is still being sent', async () => {
    let more = (): void => {}
    const port = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      more = () => response.end('data: 2\n\n')
    })
    const answer = await createEgressFetch(policy)(`http://127.0.0.1:${port}/`)
    const reader = answer.body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 1\n\n')
    more()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 2\n\n')
    expect((await reader.read()).done).toBe(true)
  })

  it('sends a body piece by piece, while it is still being made', async () => {
    const pieces: string[] = []
    let arrived = (_: unknown): void => {}
    const port = await listen((request, response) => {
      request.on('data', (piece) => {
        pieces.push(String(piece))
        arrived(0)
      })
      request.on('end', () => response.end('all'))
    })
    const body = new TransformStream<Uint8Array, Uint8Array>()
    const writer = body.writable.getWriter()
    const answer = createEgressFetch(policy)(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: body.readable,
      duplex: 'half',
    })
    const first = new Promise((done) => {
      arrived = done
    })
    await writer.write(Buffer.from('one'))
    await first
    expect(pieces).toEqual(['one'])
    await writer.write(Buffer.from('two'))
    await writer.close()
    expect(await (await answer).text()).toBe('all')
    expect(pieces.join('')).toBe('onetwo')
  })

  it('sends a stream once only: a redirect of it is an error', async () => {
    const port = await listen(async (request, response) => {
      await textOf(request)
      response.writeHead(307, { location: '/end' }).end()
    })
    await expect(
      createEgressFetch(policy)(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        body: new Blob(['x']).stream(),
        duplex: 'half',
      }),
    ).rejects.toMatchObject({ code: 'egress_failed' })
  })

  it('obeys what the caller says of redirects', async () => {
    const port = await listen((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/end' }).end('moved')
      else response.end('end')
    })
    const url = `http://127.0.0.1:${port}/`
    const ask = createEgressFetch(policy)
    const followed = await ask(url)
    expect([followed.url, followed.redirected, await followed.text()]).toEqual([`${url}end`, true, 'end'])
    const manual = await ask(url, { redirect: 'manual' })
    expect([manual.status, manual.headers.get('location'), await manual.text()]).toEqual([
      302,
      '/end',
      'moved',
    ])
    await expect(ask(url, { redirect: 'error' })).rejects.toMatchObject({ code: 'egress_refused' })
  })

  it('reads no more than it may, counted after decompression', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000))
    const port = await listen((request, response) => {
      if (request.url === '/bomb') response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
      else response.end('x'.repeat(1000))
    })
    const ask = createEgressFetch(policy, { maxBytes: 100_000 })
    expect(await (await ask(`http://127.0.0.1:${port}/`)).text()).toHaveLength(1000)
    const answer = await ask(`http://127.0.0.1:${port}/bomb`)
    await expect(answer.text()).rejects.toMatchObject({ code: 'egress_too_large' })
  })

  it('gives the bytes as they were sent, however they are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1 }), { maxLength: 8 }), async (pieces) => {
        const port = await listen((_, response) => {
          for (const piece of pieces) response.write(piece)
          response.end()
        })
        const answer = await createEgressFetch(policy)(`http://127.0.0.1:${port}/`)
        expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.concat(pieces))
      }),
      { numRuns: 20 },
    ))

  it('ends when its time is over: while it looks up, and while it waits for headers and pieces', async () => {
    const port = await listen((request, response) => {
      if (request.url === '/partly') response.write('a')
    })
    const late = expect.objectContaining({ code: 'egress_timeout', retryable: true })
    const never = { resolve: () => new Promise<string[]>(() => {}) }
    await expect(createEgressFetch(never, { timeoutMs: 50 })('https://example.com')).rejects.toEqual(late)
    await expect(createEgressFetch(policy, { timeoutMs: 100 })(`http://127.0.0.1:${port}/`)).rejects.toEqual(
      late,
    )
    const ask = createEgressFetch(policy, { idleTimeoutMs: 100 })
    await expect((await ask(`http://127.0.0.1:${port}/partly`)).text()).rejects.toEqual(late)
  })

  it('ends with the caller’s signal: before, while it waits, and while the body comes', async () => {
    const ask = createEgressFetch(policy)
    const stop = new AbortController()
    const port = await listen((request, response) => {
      if (request.url === '/partly') response.write('a')
      else stop.abort(new Error('enough'))
    })
    const url = `http://127.0.0.1:${port}/`
    await expect(ask(url, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
    await expect(ask(url, { signal: stop.signal })).rejects.toThrow('enough')
    const later = new AbortController()
    const answer = await ask(`${url}partly`, { signal: later.signal })
    const text = answer.text()
    later.abort(new Error('later'))
    await expect(text).rejects.toThrow('later')
  })

  it('keeps no listener on a signal that lives on', async () => {
    const port = await listen((_, response) => response.end('x'))
    const { signal } = new AbortController()
    let listeners = 0
    const counted = new Proxy(signal, {
      get: (target, key) => {
        const value = Reflect.get(target, key, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (key === 'addEventListener') listeners++
          if (key === 'removeEventListener') listeners--
          return value.apply(target, args)
        }
      },
    })
    const ask = createEgressFetch(policy)
    const url = `http://127.0.0.1:${port}/`
    await (await ask(url, { signal: counted })).text()
    await (await ask(url, { signal: counted })).body?.cancel()
    await ask('http://10.0.0.1/', { signal: counted }).catch(() => {})
    expect(listeners).toBe(0)
  })

  it('says when a connection fails, and that a name has no address', async () => {
    const ask = createEgressFetch({ ...policy, resolve: async () => [] })
    const closed = await listen((request) => request.socket.destroy())
    const broken = await listen((_, response) => {
      response.write('a')
      setImmediate(() => response.destroy())
    })
    const failed = expect.objectContaining({ code: 'egress_failed', retryable: true })
    await expect(ask(`http://127.0.0.1:${closed}/`)).rejects.toEqual(failed)
    const partly = async () => (await ask(`http://127.0.0.1:${broken}/`)).text()
    await expect(partly()).rejects.toEqual(failed)
    await expect(ask('https://nowhere.test/')).rejects.toMatchObject({ code: 'egress_unresolved' })
  })
})
