import { describe, expect, it } from 'vitest'
import { createNodeServer } from '../src/http/node-server.ts'
import { isLoopback } from '../src/http/open-door.ts'
import { echo, RawClient, startServer } from './http-server.ts'

const ask = async (port: number, headers: Record<string, string>): Promise<string> =>
  new RawClient(port).post('/v1/responses', '{}', headers).until(/\r\n\r\n\{[\s\S]*\}$/)

describe('a server without keys', () => {
  it('listens on loopback only', async () => {
    for (const host of ['127.0.0.1', '127.8.9.1', 'localhost', 'LOCALHOST', '::1', '[::1]', 'a.localhost'])
      expect(isLoopback(host)).toBe(true)
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      'localhost.evil.com',
      '127.0.0.1.evil.com',
      'evil.com',
      '',
    ])
      expect(isLoopback(host)).toBe(false)
    const open = createNodeServer({ routes: [], isOpen: true })
    await expect(open.listen(0, '0.0.0.0')).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'invalid_config',
    })
    const keyed = createNodeServer({ routes: [], isOpen: false })
    expect((await keyed.listen(0, '0.0.0.0')).port).toBeGreaterThan(0)
    await keyed.close()
  })

  it('answers no page of a browser, whatever name it gave this machine', async () => {
    const { port } = await startServer([echo], { corsOrigins: ['http://localhost:3000'] })
    const local: Record<string, string>[] = [
      {},
      { host: `localhost:${port}` },
      { host: `[::1]:${port}` },
      { origin: 'http://127.0.0.1' },
      { origin: 'http://localhost:3000' },
    ]
    for (const headers of local) expect(await ask(port, headers)).toContain('200 OK')
    const foreign: Record<string, string>[] = [
      { host: `evil.com:${port}` },
      { host: 'localhost.evil.com' },
      { host: `evil.com:${port}`, origin: `http://evil.com:${port}` },
      { origin: 'https://evil.com' },
      { origin: 'null' },
      { origin: 'http://localhost:3001' },
    ]
    for (const headers of foreign)
      expect(await ask(port, headers)).toMatch(/403 Forbidden[\s\S]*foreign_origin/)
  })
})

describe('pages of other origins', () => {
  it('read nothing where nobody said so', async () => {
    const { port } = await startServer([echo], { isOpen: false })
    const answer = await ask(port, { origin: 'https://app.example' })
    expect(answer).toContain('200 OK')
    expect(answer).not.toContain('access-control')
    await new RawClient(port)
      .write('OPTIONS /v1/responses HTTP/1.1\r\nhost: h\r\naccess-control-request-method: POST\r\n\r\n')
      .until(/405 Method Not Allowed/)
  })

  it('read answers, and errors too, when they are in the list', async () => {
    const { url } = await startServer([echo], { isOpen: false, corsOrigins: ['https://app.example'] })
    const from = (origin: string, init: RequestInit = {}) =>
      fetch(`${url}/v1/responses`, {
        method: 'POST',
        body: '{',
        ...init,
        headers: { origin, ...init.headers },
      })
    const allowed = await from('https://app.example')
    expect(allowed.status).toBe(415)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.headers.get('access-control-expose-headers')).toContain('x-request-id')
    expect(allowed.headers.get('vary')).toBe('origin')
    const other = await from('https://other.example')
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
    expect(other.headers.get('vary')).toBe('origin')
    const preflight = await from('https://app.example', {
      method: 'OPTIONS',
      body: null,
      headers: {
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os')
  })
})
