import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTarget } from '../src/check-target.ts'
import { egressRequest } from '../src/egress-request.ts'
import { pinnedLookup } from '../src/pinned-lookup.ts'
import { isLoopbackAddress, isPublicAddress } from '../src/public-address.ts'
import { listen } from './loopback.ts'

const byte = fc.integer({ min: 0, max: 255 })
const v4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'))
const hex = (a: number, b: number) => ((a << 8) | b).toString(16)

/** Decides by numbers what the table decides by prefixes. */
const isPublicByRanges = (ip: string): boolean => {
  const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number)
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false
  if (a === 100) return b < 64 || b > 127
  if (a === 168) return !(b === 63 && c === 129 && d === 16)
  if (a === 169) return b !== 254
  if (a === 172) return b < 16 || b > 31
  if (a === 192) return b !== 168 && !(b === 0 && (c === 0 || c === 2)) && !(b === 88 && c === 99)
  if (a === 198) return b !== 18 && b !== 19 && !(b === 51 && c === 100)
  if (a === 203) return !(b === 0 && c === 113)
  return true
}

// Random addresses seldom meet small ranges: half of them begin like one.
const START = fc.constantFrom(
  '10.',
  '100.64.',
  '127.',
  '168.63.129.',
  '169.254.',
  '172.16.',
  '192.0.0.',
  '192.168.',
  '198.18.',
  '203.0.113.',
)
const nearSpecial = fc
  .tuple(START, fc.tuple(byte, byte, byte))
  .map(([start, rest]) => [...start.split('.').filter(Boolean), ...rest].slice(0, 4).join('.'))
const someV4 = fc.oneof(v4, nearSpecial)

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    '255.255.255.255',
    '224.0.0.1',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::808:808',
    '2001::7f00:1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '100::1',
    '',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f000001',
    '8.8.8.8 ',
    '08.8.8.8',
    '1.2.3',
    '1.2.3.4.5',
    ':::',
  ])('%s is not public', (ip) => {
    expect(isPublicAddress(ip)).toBe(false)
  })

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('%s is public', (ip) => {
    expect(isPublicAddress(ip)).toBe(true)
  })

  it('are told apart by the ranges of the registries, also inside IPv6', () =>
    fc.assert(
      fc.property(someV4, (ip) => {
        const isPublic = isPublicByRanges(ip)
        const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number)
        expect(isPublicAddress(ip)).toBe(isPublic)
        expect(isPublicAddress(`::ffff:${ip}`)).toBe(isPublic)
        expect(isPublicAddress(`0:0:0:0:0:FFFF:${hex(a, b)}:${hex(c, d)}`)).toBe(isPublic)
        expect(isPublicAddress(`64:ff9b::${hex(a, b)}:${hex(c, d)}`)).toBe(isPublic)
        expect(isPublicAddress(`2002:${hex(a, b)}:${hex(c, d)}::1`)).toBe(false)
        expect(isPublicAddress(`::${ip}`)).toBe(false)
      }),
      { numRuns: 500 },
    ))

  it('of version 6 are public only within 2000::/3', () =>
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const first = Number.parseInt(ip.split(':')[0] || '0', 16)
        // Mapped and NAT64 addresses are the property above.
        if (isPublicAddress(ip) && !/^(::ffff:|0*:.*ffff|0*64:0*ff9b)/i.test(ip)) expect(first >> 13).toBe(1)
      }),
    ))

  it('of the loopback are known in every form, and never public', () => {
    for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1']) {
      expect(isLoopbackAddress(ip)).toBe(true)
      expect(isPublicAddress(ip)).toBe(false)
    }
    for (const ip of ['128.0.0.1', '::2', '1::1', '::ffff:10.0.0.1'])
      expect(isLoopbackAddress(ip)).toBe(false)
  })
})

describe('a target', () => {
  const resolve = (...addresses: string[]) => ({ resolve: () => Promise.resolve(addresses) })
  const refused = expect.objectContaining({ code: 'egress_refused', retryable: false })

  it('keeps the addresses that were checked', async () => {
    const { url, addresses } = await checkTarget(
      'https://example.com/hook',
      resolve('93.184.216.34', '2606:4700::1'),
    )
    expect(url.href).toBe('https://example.com/hook')
    expect(addresses).toEqual(['93.184.216.34', '2606:4700::1'])
  })

  it('is refused when one of its addresses is not public', async () => {
    for (const address of ['127.0.0.1', '169.254.169.254', '::ffff:10.0.0.1'])
      await expect(checkTarget('https://example.com', resolve('93.184.216.34', address))).rejects.toEqual(
        refused,
      )
  })

  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fd00:ec2::254]/',
    'https://169.254.169.254/latest',
    'https://0/',
    'http://8.8.8.8/',
    'ftp://8.8.8.8/',
    'file:///etc/passwd',
    'https://user:secret@8.8.8.8/',
    'no url, secret',
  ])('%s is refused without a look-up', async (target) => {
    const policy = { resolve: () => Promise.reject(new Error('was looked up')) }
    await expect(checkTarget(target, policy)).rejects.toEqual(refused)
    await expect(checkTarget(target, policy)).rejects.toThrow(/^(?!.*secret)/)
  })

  it('by the name localhost is refused', async () => {
    await expect(checkTarget('https://localhost/')).rejects.toEqual(refused)
  })

  it('may be loopback or a named host where that is allowed, and nothing else', async () => {
    const policy = { allowLoopback: true, allowHosts: ['hooks.internal'], ...resolve('10.0.0.7') }
    expect((await checkTarget('http://127.0.0.1:1/', policy)).addresses).toEqual(['127.0.0.1'])
    expect((await checkTarget('http://hooks.internal/', policy)).addresses).toEqual(['10.0.0.7'])
    await expect(checkTarget('https://db.internal/', policy)).rejects.toEqual(refused)
    await expect(checkTarget('http://example.com/', { ...policy, ...resolve('8.8.8.8') })).rejects.toEqual(
      refused,
    )
  })

  it('may be over plain http where that is allowed, at public addresses alone', async () => {
    const policy = { allowPlainHttp: true, ...resolve('93.184.216.34') }
    expect((await checkTarget('http://example.com/', policy)).addresses).toEqual(['93.184.216.34'])
    expect((await checkTarget('http://8.8.8.8/', policy)).addresses).toEqual(['8.8.8.8'])
    for (const target of ['http://127.0.0.1/', 'http://10.0.0.1/', 'http://[::1]/', 'ftp://8.8.8.8/'])
      await expect(checkTarget(target, policy)).rejects.toEqual(refused)
  })

  it('without an address is a reason to try again later', async () => {
    await expect(checkTarget('https://example.com', resolve())).rejects.toMatchObject({
      code: 'egress_unresolved',
      retryable: true,
    })
  })
})

describe('a pinned look-up', () => {
  const ask = (addresses: string[], options: { all?: boolean; family?: number }) =>
    new Promise((done, fail) => {
      pinnedLookup(addresses)('example.com', options, (error, found, family) =>
        error ? fail(error) : done(family === undefined ? found : [found, family]),
      )
    })

  it('answers with what was checked, and with nothing else', async () => {
    expect(await ask(['1.1.1.1', '2606::1'], { all: true })).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606::1', family: 6 },
    ])
    expect(await ask(['1.1.1.1', '2606::1'], { family: 6 })).toEqual(['2606::1', 6])
    await expect(ask(['1.1.1.1'], { family: 6 })).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })
})

describe('a request to the outside', () => {
  const policy = { allowLoopback: true }

  it('goes to the address that was checked, though the name now leads elsewhere', async () => {
    const port = await listen((request, response) => response.end(`host ${request.headers.host}`))
    let lookups = 0
    const answer = await egressRequest(`http://rebinding.test:${port}/`, {
      policy: { ...policy, resolve: () => Promise.resolve(++lookups === 1 ? ['127.0.0.1'] : ['10.0.0.1']) },
    })
    expect(Buffer.from(answer.body).toString()).toBe(`host rebinding.test:${port}`)
    expect(lookups).toBe(1)
  })

  it('sends its body, and follows no redirect', async () => {
    const seen: string[] = []
    const port = await listen(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      seen.push(`${request.method} ${request.url} ${body}`)
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    const answer = await egressRequest(`http://127.0.0.1:${port}/hook`, {
      method: 'POST',
      body: 'häh',
      policy,
    })
    expect([answer.status, answer.headers.location]).toEqual([302, '/elsewhere'])
    expect(seen).toEqual(['POST /hook häh'])
  })

  it('reads no more than it may, and nothing where nothing is wanted', async () => {
    const port = await listen((_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', more)
      }
      more()
    })
    const url = `http://127.0.0.1:${port}/`
    await expect(egressRequest(url, { policy, maxBytes: 100_000 })).rejects.toMatchObject({
      code: 'egress_too_large',
    })
    expect((await egressRequest(url, { policy, maxBytes: 0 })).status).toBe(200)
  })

  it('ends when its time is over: while it looks up, waits, and reads', async () => {
    const port = await listen((request, response) => {
      if (request.url === '/partly') response.write('a')
    })
    const late = expect.objectContaining({ code: 'egress_timeout', retryable: true })
    const never = { resolve: () => new Promise<string[]>(() => {}) }
    await expect(egressRequest('https://example.com', { policy: never, timeoutMs: 20 })).rejects.toEqual(late)
    for (const path of ['/', '/partly'])
      await expect(
        egressRequest(`http://127.0.0.1:${port}${path}`, { policy, timeoutMs: 100 }),
      ).rejects.toEqual(late)
  })

  it('ends with the caller’s signal, and says when a connection fails', async () => {
    const stop = new AbortController()
    const port = await listen(() => stop.abort(new Error('enough')))
    await expect(egressRequest(`http://127.0.0.1:${port}/`, { policy, signal: stop.signal })).rejects.toThrow(
      'enough',
    )
    await expect(egressRequest(`http://127.0.0.1:${port}/`, { policy, signal: stop.signal })).rejects.toThrow(
      'enough',
    )
    const closed = await listen((request) => request.socket.destroy())
    await expect(egressRequest(`http://127.0.0.1:${closed}/`, { policy })).rejects.toMatchObject({
      code: 'egress_failed',
      retryable: true,
    })
  })
})
