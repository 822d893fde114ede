import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { AntiphonError } from '@antiphon/client'

/** Gives the network back; also by `using`. Safe to call twice. */
export interface NetworkBlock extends Disposable {
  (): void
}

/** Counts the blocks in force: the network comes back when the last one is lifted. */
let blocks = 0
let unpatch = (): void => undefined

const isLoopback = (host: string): boolean => {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return (
    name === '' ||
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    /^127(?:\.\d{1,3}){3}$/.test(name) ||
    name === '::1' ||
    name === '0:0:0:0:0:0:0:1' ||
    /^::ffff:127(?:\.\d{1,3}){3}$/.test(name)
  )
}

const blocked = (target: string): AntiphonError =>
  new AntiphonError(
    'network_blocked',
    `A connection to ${target} was attempted while the network is blocked. ` +
      'Point the code under test at a server on 127.0.0.1, or lift the block first.',
  )

interface Target {
  /** Undefined for local sockets and pipes. */
  host?: string
  options: object
  callback: unknown
}

/** What the arguments of `Socket.connect` name, in any of their forms. */
const targetOf = (args: readonly unknown[]): Target => {
  // net.connect hands its already normalised arguments over as one array.
  const [first, second, third] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  if (typeof first === 'object' && first !== null) {
    const { host, path } = first as { host?: unknown; path?: unknown }
    const local = typeof path === 'string' && path !== ''
    return { ...(local ? {} : { host: String(host ?? '') }), options: first, callback: second }
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { options: {}, callback: second }
  const named = typeof second === 'string'
  return { host: named ? second : '', options: { port: first }, callback: named ? third : second }
}

/**
 * Fails a connection as a look-up that finds nothing fails it: later, through the socket's own error path. Whoever
 * made the socket still has things to do with it in this tick.
 */
const refusing = (options: object, host: string): object => ({
  ...options,
  host: 'blocked.invalid',
  lookup: (_name: string, _options: object, callback: (error: Error) => void) =>
    process.nextTick(callback, blocked(host)),
})

const patch = (): (() => void) => {
  const { connect } = net.Socket.prototype
  const { lookup } = dns
  const { lookup: lookupAsync } = dns.promises
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
    const { host, options, callback } = targetOf(args)
    if (host === undefined || isLoopback(host)) return Reflect.apply(connect, this, args)
    const refused = [refusing(options, host), callback].filter((arg) => arg !== undefined && arg !== null)
    return Reflect.apply(connect, this, refused)
  } as typeof connect
  dns.lookup = ((...args: unknown[]) => {
    const callback = args.at(-1)
    if (isLoopback(String(args[0] ?? '')) || net.isIP(String(args[0])) || typeof callback !== 'function') {
      return Reflect.apply(lookup, dns, args)
    }
    return process.nextTick(callback as (error: Error) => void, blocked(String(args[0])))
  }) as typeof lookup
  dns.promises.lookup = (async (...args: unknown[]) => {
    if (isLoopback(String(args[0] ?? '')) || net.isIP(String(args[0]))) {
      return Reflect.apply(lookupAsync, dns.promises, args)
    }
    throw blocked(String(args[0]))
  }) as typeof lookupAsync
  syncBuiltinESMExports()
  return () => {
    net.Socket.prototype.connect = connect
    dns.lookup = lookup
    dns.promises.lookup = lookupAsync
    syncBuiltinESMExports()
  }
}

/**
 * Makes every TCP or TLS connection to anything but this machine fail with code `network_blocked`, and every look-up
 * of a foreign name; whoever makes it (`fetch`, undici, `node:http`, a database driver). Loopback and local sockets work.
 *
 * For this process, until the returned function is called. `fetch` reports the error as the `cause` of its own.
 */
export const blockNetwork = (): NetworkBlock => {
  if (blocks++ === 0) unpatch = patch()
  let lifted = false
  const lift = (): void => {
    if (lifted) return
    lifted = true
    if (--blocks === 0) unpatch()
  }
  return Object.assign(lift, { [Symbol.dispose]: lift })
}
