import dns from 'node:dns'
import { lookup } from 'node:dns/promises'
import { get as httpGet } from 'node:http'
import { get as httpsGet } from 'node:https'
import { connect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { blockNetwork, fakeUpstream } from 'antiphon/testing'
import { afterEach, describe, expect, it } from 'vitest'
// The client's own undici: another copy of the library than the one behind fetch.
import { request as undiciRequest } from '../../client/node_modules/undici/index.js'

let lift = (): void => undefined
afterEach(() => lift())

const block = (): void => {
  lift = blockNetwork()
}

const failure = (start: (fail: (error: Error) => void) => void): Promise<Error> =>
  new Promise((resolve) => {
    start(resolve)
  })

/** 192.0.2.0/24 is for documentation: nothing answers there. */
const FAR = '192.0.2.1'

describe('blockNetwork', () => {
  it.each<[string, (fail: (error: Error) => void) => void]>([
    ['net.connect', (fail) => connect(80, FAR).once('error', fail)],
    ['net.connect by name', (fail) => connect({ host: 'example.com', port: 80 }).once('error', fail)],
    ['tls.connect', (fail) => tlsConnect({ host: 'example.com', port: 443 }).once('error', fail)],
    ['node:http', (fail) => httpGet(`http://${FAR}/`).once('error', fail)],
    ['node:https', (fail) => httpsGet('https://example.com/').once('error', fail)],
    ['undici', (fail) => void undiciRequest(`http://${FAR}/`).catch(fail)],
    ['undici over TLS', (fail) => void undiciRequest('https://example.com/').catch(fail)],
    ['fetch', (fail) => void fetch('https://example.com/').catch((error) => fail(error.cause))],
    ['IPv6', (fail) => connect({ host: '2001:db8::1', port: 80 }).once('error', fail)],
    ['dns.lookup', (fail) => dns.lookup('example.com', (error) => fail(error as Error))],
    ['dns.promises.lookup', (fail) => void lookup('example.com').catch(fail)],
  ])('fails %s with a typed error that names the target', async (_name, start) => {
    block()
    expect(await failure(start)).toMatchObject({
      code: 'network_blocked',
      message: expect.stringMatching(/192\.0\.2\.1|example\.com|2001:db8::1/),
    })
  })

  it('leaves loopback alone', async () => {
    await using upstream = await fakeUpstream()
    block()
    for (const host of ['127.0.0.1', 'localhost']) {
      const url = upstream.url.replace('127.0.0.1', host)
      expect((await fetch(`${url}/none`)).status).toBe(404)
      expect((await undiciRequest(`${url}/none`)).statusCode).toBe(404)
    }
  })

  it('gives everything back, after the last block is lifted', async () => {
    const { connect: before } = (await import('node:net')).Socket.prototype
    const outer = blockNetwork()
    {
      using _inner = blockNetwork()
    }
    const blocked = failure((fail) => connect(80, FAR).once('error', fail))
    expect(await blocked).toMatchObject({ code: 'network_blocked' })
    outer()
    outer()
    expect((await import('node:net')).Socket.prototype.connect).toBe(before)
    expect(dns.lookup.name).toBe('lookup')
  })
})
