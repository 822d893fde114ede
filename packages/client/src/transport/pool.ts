import { Connection, type ConnectionOwner, type Connector, createConnector } from './undici-client.ts'

/** An exchange that wants a connection. */
export interface ConnectionUser extends ConnectionOwner {
  /** Called at once, or when a connection is free. It comes back by `giveBack`, or by `drop`. */
  use(connection: Connection): void
}

/**
 * The connections of one origin. The one that was used last is used next: it is warm, and others may time out.
 *
 * A connection is given back when the answer is whole, which is before undici writes on it again; who takes it then waits that moment inside undici. So the next call
 * of a run, which comes in the very moment in which its last answer ends, opens no second connection beside the first.
 */
export class Pool {
  readonly #origin: URL
  readonly #open: Connector
  readonly #max: number
  readonly #idle: Connection[] = []
  /** Exchanges that wait, where there is a limit. */
  readonly #line: ConnectionUser[] = []
  /** Connections that are idle or in use. */
  #count = 0
  #onEmpty: (() => void) | undefined

  constructor(origin: string, connectTimeoutMs: number, connections: number | undefined) {
    this.#origin = new URL(origin)
    this.#open = createConnector(connectTimeoutMs)
    this.#max = connections ?? Number.POSITIVE_INFINITY
  }

  take(user: ConnectionUser): void {
    const connection = this.#idle.pop()
    if (connection !== undefined) user.use(connection)
    else if (this.#count < this.#max) user.use(this.#add())
    else this.#line.push(user)
  }

  /** The exchange is over and the connection may serve another. */
  giveBack(connection: Connection): void {
    const next = this.#next()
    // Outside undici's own handling of the end.
    if (next !== undefined)
      queueMicrotask(() => (next.done ? this.giveBack(connection) : next.use(connection)))
    else if (this.#onEmpty === undefined) this.#idle.push(connection)
    else {
      void connection.client.close()
      this.#leave()
    }
  }

  /** The exchange failed or was stopped: whatever state the connection is in, it serves no other. */
  drop(connection: Connection): void {
    connection.waiting = undefined
    this.#leave()
    const next = this.#count < this.#max ? this.#next() : undefined
    next?.use(this.#add())
  }

  /** Closes idle connections, and each busy one when its exchange is over. */
  async close(): Promise<void> {
    const idle = this.#idle.splice(0)
    this.#count -= idle.length
    await Promise.all(idle.map(({ client }) => client.close()))
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
  }

  #add(): Connection {
    this.#count++
    return new Connection(this.#origin, this.#open)
  }

  #leave(): void {
    this.#count--
    if (this.#count === 0 && this.#line.length === 0) this.#onEmpty?.()
  }

  #next(): ConnectionUser | undefined {
    let next = this.#line.shift()
    while (next?.done) next = this.#line.shift()
    return next
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
  const pool = openPools.get(key) ?? new Pool(origin, connectTimeoutMs, connections)
  openPools.set(key, pool)
  last = { origin, connectTimeoutMs, connections, pool }
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
  await Promise.all(pools.map((pool) => pool.close()))
}
