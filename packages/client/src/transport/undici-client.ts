import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'

/** An exchange that waits for its connection. */
export interface ConnectionOwner {
  /** It was stopped: no connection is opened for it. */
  readonly done: boolean
  /** Told when a connection is opened for it, at that moment. */
  onOpening(socket: Socket): void
}

/** The part of undici's client, which keeps one connection, that is used. */
export interface UndiciClient {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean
  close(): Promise<void>
}

type Connect = (
  options: object,
  callback: (error: Error | null, socket?: Socket) => void,
) => Socket | undefined

/** Opens connections of one pool. */
export type Connector = (...given: Parameters<Connect>) => Socket

interface ClientOptions {
  connect: Connect
  pipelining: 1
  headersTimeout: 0
  bodyTimeout: 0
}

interface Undici {
  readonly Client: new (origin: URL, options: ClientOptions) => UndiciClient
  readonly buildConnector: (options: { timeout: number } & typeof SOCKET_DEFAULTS) => Connector
}

/**
 * What `net.Socket` sets by itself in its copy of the options. Given beforehand, it adds no fields to that copy, which would get a hidden class of its own then,
 * and every look at one of its two dozen fields would be the first: a tenth of the cost of a connection.
 */
const SOCKET_DEFAULTS = { allowHalfOpen: false, emitClose: false, autoDestroy: true, decodeStrings: false }

let undici: Undici | undefined

// Loading undici whole costs three times the CPU of its client alone, which is all that is used; its version is pinned
// exactly because these two files are not its documented entry. Loaded at the first request, not at import.
const loadUndici = (): Undici => {
  if (undici) return undici
  const { createRequire } = process.getBuiltinModule('node:module')
  const require = createRequire(import.meta.url)
  undici = {
    Client: require('undici/lib/dispatcher/client.js'),
    buildConnector: require('undici/lib/core/connect.js'),
  }
  return undici
}

/** False where undici is not installed beside this code, as in a program bundled into one file. */
export const canLoadUndici = (): boolean => {
  try {
    loadUndici()
    return true
  } catch {
    return false // fetch takes its place
  }
}

/** Makes what opens connections; `timeoutMs` is the limit for one. */
export const createConnector = (timeoutMs: number): Connector =>
  loadUndici().buildConnector({ timeout: Number.isFinite(timeoutMs) ? timeoutMs : 0, ...SOCKET_DEFAULTS })

/** One connection to an origin, which serves one exchange at a time: opened with the first, and again with the next after it was lost. */
export class Connection {
  readonly client: UndiciClient
  /** The exchange that waits for it. */
  waiting: ConnectionOwner | undefined

  constructor(origin: URL, open: Connector) {
    const connect: Connect = (options, callback) => {
      const { waiting } = this
      // undici opens one in the place of each connection that an abort closed, too; nobody waits for that one.
      if (waiting === undefined || waiting.done) {
        queueMicrotask(() => callback(new Error('no request is waiting for a connection')))
        return undefined
      }
      const socket = open(options, callback)
      waiting.onOpening(socket)
      return socket
    }
    const { Client } = loadUndici()
    // Anything but 1 would queue a request behind a streaming answer.
    this.client = new Client(origin, { connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  }
}
