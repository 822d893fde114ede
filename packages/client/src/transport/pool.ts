import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'

/** Told about the connection that is opened for an exchange, at the moment it is opened. */
export interface ConnectionOpener {
  onOpening(socket: Socket): void
}

/** The part of undici's pool that is used. */
interface UndiciPool {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean
  close(): Promise<void>
}

/** The connections of one origin. */
export interface Pool {
  readonly undici: UndiciPool
  /** Exchanges that were dispatched and have no connection yet. */
  waiting: number
  /** Connections whose exchange is over, and which undici gives out again at the end of this turn of the event loop. */
  resting: number
  /** Exchanges that wait for one of those. */
  deferred: number
}

type Connect = (
  options: object,
  callback: (error: Error | null, socket?: Socket) => void,
) => Socket | undefined

interface Undici {
  readonly Pool: new (
    origin: string,
    options: {
      connect: Connect
      connections: number | null
      pipelining: 1
      headersTimeout: 0
      bodyTimeout: 0
    },
  ) => UndiciPool
  readonly buildConnector: (options: { timeout: number }) => (...given: Parameters<Connect>) => Socket
}

let undici: Undici | undefined

// Loading undici whole costs three times the CPU of its pool alone, which is all that is used; its version is pinned
// exactly because these two files are not its documented entry. Loaded at the first request, not at import.
const loadUndici = (): Undici => {
  if (undici) return undici
  const { createRequire } = process.getBuiltinModule('node:module')
  const require = createRequire(import.meta.url)
  undici = {
    Pool: require('undici/lib/dispatcher/pool.js'),
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

/**
 * Dispatches at once, or when a connection that rests can be had: the next call of a run comes in the very moment in which its last answer ends, and would else open
 * a second connection beside the first.
 */
export const whenConnectionIsFree = (pool: Pool, dispatch: () => void): void => {
  if (pool.resting <= pool.deferred) {
    dispatch()
    return
  }
  pool.deferred++
  setImmediate(() => {
    pool.deferred--
    dispatch()
  })
}

/** An exchange is over, and its connection rests. */
export const restConnection = (pool: Pool): void => {
  pool.resting++
  // undici asks for its own immediate when the callback in which this is called has returned: ours comes after it.
  queueMicrotask(() => setImmediate(endRest, pool))
}

const endRest = (pool: Pool): void => {
  pool.resting--
}

let opener: ConnectionOpener | undefined

/** Dispatches; when that opens a connection at once, `owner` is told. */
export const dispatchAs = (
  owner: ConnectionOpener,
  pool: Pool,
  options: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
): void => {
  const outer = opener
  opener = owner
  try {
    pool.undici.dispatch(options, handler)
  } finally {
    opener = outer
  }
}

const openPools = new Map<string, Pool>()
// A process mostly talks to one origin: its pool is found without making a key.
let last:
  | { origin: string; connectTimeoutMs: number; connections: number | undefined; pool: Pool }
  | undefined

/** The pool of an origin; made on first use. `connections` undefined means no limit. */
export const poolOf = (origin: string, connectTimeoutMs: number, connections: number | undefined): Pool => {
  if (
    last?.origin === origin &&
    last.connectTimeoutMs === connectTimeoutMs &&
    last.connections === connections
  )
    return last.pool
  const key = `${origin} ${connectTimeoutMs} ${connections}`
  const pool = openPools.get(key) ?? openPool(origin, connectTimeoutMs, connections)
  openPools.set(key, pool)
  last = { origin, connectTimeoutMs, connections, pool }
  return pool
}

const openPool = (origin: string, connectTimeoutMs: number, connections: number | undefined): Pool => {
  const { Pool, buildConnector } = loadUndici()
  const open = buildConnector({ timeout: Number.isFinite(connectTimeoutMs) ? connectTimeoutMs : 0 })
  const connect: Connect = (options, callback) => {
    // undici opens a connection inside dispatch() when none is free.
    const owner = opener
    opener = undefined
    // It also opens one in the place of each connection that an abort closed; nobody waits for that one.
    if (!owner && pool.waiting === 0) {
      queueMicrotask(() => callback(new Error('no request is waiting for a connection')))
      return undefined
    }
    const socket = open(options, callback)
    owner?.onOpening(socket)
    return socket
  }
  const pool: Pool = {
    waiting: 0,
    resting: 0,
    deferred: 0,
    undici: new Pool(origin, {
      connect,
      connections: connections ?? null,
      // Anything else would queue a request behind a streaming answer.
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
    }),
  }
  return pool
}

/**
 * Closes every idle connection of the undici transport, and each busy one when its exchange is done.
 *
 * Not needed to let a process end: idle connections do not hold it. New requests open new connections.
 */
export const closeConnections = async (): Promise<void> => {
  const pools = [...openPools.values()]
  openPools.clear()
  last = undefined
  await Promise.all(pools.map((pool) => pool.undici.close()))
}
