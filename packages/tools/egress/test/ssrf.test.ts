import { describe, expect, it } from 'vitest'
import { createEgressFetch } from '../src/egress-fetch.ts'
import type { EgressPolicy } from '../src/egress-policy.ts'
import { followRedirects } from '../src/follow-redirects.ts'
import { listen, textOf } from './loopback.ts'

/** Everything that means this machine, its network or the cloud's metadata. `PORT` is where a real service listens on 127.0.0.1. */
const INSIDE = [
  'http://127.0.0.1:PORT/secret',
  'http://localhost:PORT/secret',
  'http://LOCALHOST.:PORT/secret',
  'http://127.1:PORT/secret',
  'http://2130706433:PORT/secret',
  'http://0x7f000001:PORT/secret',
  'http://0x7f.0.0x0.1:PORT/secret',
  'http://0177.0.0.01:PORT/secret',
  'http://0:PORT/secret',
  'http://0.0.0.0:PORT/secret',
  'http://①②⑦.⓪.⓪.①:PORT/secret',
  'http://127。0。0。1:PORT/secret',
  'http://[::1]:PORT/secret',
  'http://[::]:PORT/secret',
  'http://[::ffff:127.0.0.1]:PORT/secret',
  'http://[::ffff:7f00:1]:PORT/secret',
  'http://[::127.0.0.1]:PORT/secret',
  'http://[64:ff9b::127.0.0.1]:PORT/secret',
  'http://[64:ff9b:1::7f00:1]:PORT/secret',
  'http://[2002:7f00:1::]:PORT/secret',
  'http://[2001::7f00:1]:PORT/secret',
  'http://[fe80::1]:PORT/secret',
  'http://[fc00::1]:PORT/secret',
  'http://10.0.0.1:PORT/secret',
  'http://172.16.0.1:PORT/secret',
  'http://192.168.1.1:PORT/secret',
  'http://100.64.0.1:PORT/secret',
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://100.100.100.200/latest/meta-data/',
  'http://192.0.0.192/opc/v2/instance/',
  'http://168.63.129.16/machine/',
  'http://loopback.test:PORT/secret',
  'http://mixed.test:PORT/secret',
  'http://mapped.test:PORT/secret',
  'http://metadata.test:PORT/secret',
  'http://user:secret@public.test/',
  'file:///etc/passwd',
  'data:text/plain,secret',
]

const NAMES: Record<string, string[]> = {
  'start.test': ['127.0.0.1'],
  'loopback.test': ['127.0.0.1'],
  'mixed.test': ['8.8.8.8', '127.0.0.1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  localhost: ['127.0.0.1', '::1'],
  'localhost.': ['127.0.0.1', '::1'],
}

/** The start of a redirect stands for a public site: the one host that is exempt. */
const policy: EgressPolicy = {
  allowPlainHttp: true,
  allowHosts: ['start.test'],
  resolve: async (name) => NAMES[name] ?? [],
}

const ways = {
  fetch: async (url: string) => (await createEgressFetch(policy)(url)).text(),
  followRedirects: async (url: string) => String((await followRedirects(url, { policy })).body),
}

describe.each(Object.entries(ways))('%s', (_, ask) => {
  const serve = async () => {
    const seen: string[] = []
    let elsewhere = ''
    const port = await listen((request, response) => {
      seen.push(request.url ?? '')
      if (request.url === '/start') response.writeHead(302, { location: elsewhere }).end()
      else response.end('the secret')
    })
    return { seen, port, lead: (to: string) => (elsewhere = to) }
  }

  it.each(INSIDE)('does not reach %s, neither directly nor by a redirect', async (form) => {
    const { seen, port, lead } = await serve()
    const target = form.replace('PORT', String(port))
    lead(encodeURI(target).replaceAll('%5B', '[').replaceAll('%5D', ']')) // a header has bytes only
    const refused = expect.objectContaining({ code: 'egress_refused' })
    await expect(ask(target)).rejects.toEqual(refused)
    await expect(ask(`http://start.test:${port}/start`)).rejects.toEqual(refused)
    expect(seen).toEqual(['/start'])
  })

  it('reaches what the policy names, so the refusals above are not for want of a server', async () => {
    const { port } = await serve()
    expect(await ask(`http://start.test:${port}/secret`)).toBe('the secret')
  })

  it('does not tell the address behind a name', async () => {
    await expect(ask('http://metadata.test/')).rejects.toThrow(/^(?!.*169)/)
  })
})

// macOS has no 127.0.0.2 until somebody adds it.
describe.skipIf(process.platform !== 'linux')('a name whose addresses change (needs 127.0.0.2)', () => {
  /** The same port at two addresses; the name leads to the first one once, and to the second from then on. */
  const rebinding = async () => {
    const port = await listen((request, response) => response.end(request.socket.localAddress))
    await new Promise((done) => setImmediate(done))
    let lookups = 0
    await listenAt(port, '127.0.0.2')
    const changing: EgressPolicy = {
      allowHosts: ['rebinding.test'],
      resolve: async () => (++lookups === 1 ? ['127.0.0.1'] : ['127.0.0.2']),
    }
    return { port, changing, lookups: () => lookups }
  }
  const listenAt = (port: number, host: string) =>
    listen((request, response) => response.end(request.socket.localAddress), host, port)

  it('is connected to at the address that was checked', async () => {
    for (const ask of [
      async (url: string, changing: EgressPolicy) => (await createEgressFetch(changing)(url)).text(),
      async (url: string, changing: EgressPolicy) =>
        String((await followRedirects(url, { policy: changing })).body),
    ]) {
      const { port, changing, lookups } = await rebinding()
      expect(await ask(`http://rebinding.test:${port}/`, changing)).toBe('127.0.0.1')
      expect(lookups()).toBe(1)
    }
  })

  it('is checked again for every new connection', async () => {
    let lookups = 0
    const seen: string[] = []
    const port = await listen((request, response) => {
      seen.push(request.url ?? '')
      response.writeHead(200, { connection: 'close' }).end('first')
    })
    const ask = createEgressFetch({
      allowPlainHttp: true,
      allowLoopback: true,
      resolve: async () => (++lookups === 1 ? ['127.0.0.1'] : ['10.0.0.1']),
    })
    expect(await (await ask(`http://rebinding.test:${port}/1`)).text()).toBe('first')
    await expect(ask(`http://rebinding.test:${port}/2`)).rejects.toMatchObject({ code: 'egress_refused' })
    expect([seen, lookups]).toEqual([['/1'], 2])
  })
})

describe('keys and bodies on the way of a redirect', () => {
  const local: EgressPolicy = {
    allowLoopback: true,
    resolve: async () => ['127.0.0.1'],
  }
  const headers = {
    authorization: 'Bearer key',
    'X-Api-Key': 'key',
    cookie: 'a=b',
    'Mcp-Session-Id': 'key',
    accept: 'text/html',
  }
  const echo = async (location: (path: string) => string, status = 307) => {
    const seen: { at: string; method?: string; body: string; headers: Record<string, unknown> }[] = []
    const port = await listen(async (request, response) => {
      const at = `${request.headers.host}${request.url}`
      seen.push({ at, method: request.method, body: await textOf(request), headers: request.headers })
      if (request.url === '/start') response.writeHead(status, { location: location(at) }).end()
      else response.end('there')
    })
    return { port, seen }
  }

  it.each(['fetch', 'followRedirects'])('%s leaves keys behind when the origin changes', async (way) => {
    for (const [to, isSame] of [
      ['/end', true],
      ['http://other.test:PORT/end', false],
    ] as const) {
      const { port, seen } = await echo((at) => to.replace('PORT', at.split(/[:/]/)[1] ?? ''))
      const url = `http://first.test:${port}/start`
      if (way === 'fetch') await createEgressFetch(local)(url, { headers, method: 'POST', body: 'häh' })
      else await followRedirects(url, { policy: local, headers, method: 'POST', body: 'häh' })
      expect(seen.map(({ method, body }) => [method, body])).toEqual([
        ['POST', 'häh'],
        ['POST', 'häh'],
      ])
      expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer key', 'x-api-key': 'key' })
      const last = seen[1]?.headers ?? {}
      expect(last.accept).toBe('text/html')
      for (const name of ['authorization', 'x-api-key', 'cookie', 'mcp-session-id'])
        expect(name in last).toBe(isSame)
    }
  })

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'PUT', 'PUT', 'body'],
    [308, 'DELETE', 'DELETE', 'body'],
  ])('after a %i, %s becomes %s', async (status, before, after, body) => {
    for (const way of ['fetch', 'followRedirects']) {
      const { port, seen } = await echo(() => '/end', status)
      const url = `http://127.0.0.1:${port}/start`
      const request = { method: before, body: 'body', headers: { 'content-type': 'text/plain' } }
      if (way === 'fetch') await createEgressFetch(local)(url, request)
      else await followRedirects(url, { policy: local, ...request })
      expect([seen[1]?.method, seen[1]?.body]).toEqual([after, body])
      expect('content-type' in (seen[1]?.headers ?? {})).toBe(body !== '')
    }
  })

  it.each(['fetch', 'followRedirects'])('%s gives up a circle, and asks before every hop', async (way) => {
    const { port, seen } = await echo(() => '/start')
    const hops: string[] = []
    const onHop = ({ pathname }: URL): void => void hops.push(pathname)
    const url = `http://127.0.0.1:${port}/start`
    const asked =
      way === 'fetch'
        ? createEgressFetch(local, { maxRedirects: 3, onHop })(url)
        : followRedirects(url, { policy: local, maxRedirects: 3, onHop })
    await expect(asked).rejects.toMatchObject({ code: 'egress_refused' })
    expect([seen.length, hops.length]).toEqual([4, 4])
  })

  it('a hop that is not wanted is not asked', async () => {
    const { port, seen } = await echo(() => '/end')
    const onHop = ({ pathname }: URL): void => {
      if (pathname === '/end') throw new Error('not there')
    }
    const url = `http://127.0.0.1:${port}/start`
    await expect(createEgressFetch(local, { onHop })(url)).rejects.toThrow('not there')
    await expect(followRedirects(url, { policy: local, onHop })).rejects.toThrow('not there')
    expect(seen.map(({ at }) => at)).toEqual([`127.0.0.1:${port}/start`, `127.0.0.1:${port}/start`])
  })
})
