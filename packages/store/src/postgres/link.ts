import { setTimeout as pause } from 'node:timers/promises'
import { JournalError } from 'antiphon'
import { Client } from 'pg'
import { again } from './again.ts'
import { clientConfig } from './open.ts'
import { postgresError } from './postgres-error.ts'
import type { PostgresTarget } from './target.ts'

/** What is done with each new connection, and when something comes. */
export interface LinkHooks {
  /** Makes a connection ready; called before anybody gets it. */
  prepare(client: Client): Promise<void>
  onNotice(channel: string): void
  /** Whether a lost connection is to be made again. */
  isNeeded(): boolean
}

/** After what silence the server gives up a connection, and with it the lock, when the network does not say that it is gone: 5 s, then 3 times 2 s. */
const KEEPALIVE = `select set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false), set_config('tcp_keepalives_count', '3', false)`

/** One connection beside the pool that is made again when it is lost. It does not keep the process alive. */
export class Link {
  readonly #target: PostgresTarget
  readonly #hooks: LinkHooks
  /** How long to try when somebody waits for it. */
  readonly #reconnectMs: number
  #client: Promise<Client> | undefined
  /** The one that is being made: it may wait for its lock while the server does not know yet that the one before is gone. */
  #coming: Client | undefined
  #closed = false

  constructor(target: PostgresTarget, hooks: LinkHooks, reconnectMs: number) {
    this.#target = target
    this.#hooks = hooks
    this.#reconnectMs = reconnectMs
  }

  get isOpen(): boolean {
    return this.#client !== undefined
  }

  /** Does something on the connection, which is made when there is none. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    try {
      const client = await again(() => {
        if (this.#closed) throw new JournalError('store_failed', 'The store was closed (store.close()).')
        this.#client ??= this.#connect()
        return this.#client
      }, this.#reconnectMs)
      keepAlive(client, true)
      try {
        return await work(client)
      } finally {
        keepAlive(client, false)
      }
    } catch (error) {
      throw postgresError(error)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#coming !== undefined) drop(this.#coming)
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    if (client === undefined) return
    // Whoever waits for the end gets it: a process whose connections are all idle would else be over first.
    keepAlive(client, true)
    await client.end()
  }

  async #connect(): Promise<Client> {
    const client = new Client({ connectionTimeoutMillis: 10_000, ...clientConfig(this.#target) })
    this.#coming = client
    // A connection that ends says so more than once.
    let isReady = false
    const lost = (): void => {
      if (isReady) this.#lose()
      isReady = false
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', ({ channel }) => this.#hooks.onNotice(channel))
    try {
      await client.connect()
      await client.query(KEEPALIVE)
      await this.#hooks.prepare(client)
    } catch (error) {
      this.#client = undefined
      drop(client)
      throw error
    } finally {
      this.#coming = undefined
    }
    isReady = true
    keepAlive(client, false)
    return client
  }

  #lose(): void {
    if (this.#client === undefined || this.#closed) return
    this.#client = undefined
    if (this.#hooks.isNeeded()) void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    for (
      let delayMs = 50;
      !this.#closed && this.#client === undefined;
      delayMs = Math.min(delayMs * 2, 1_000)
    ) {
      try {
        this.#client = this.#connect()
        await this.#client
      } catch {
        await pause(delayMs, undefined, { ref: false })
      }
    }
  }
}

/** Ends a connection that may not stand yet; its own `end` would wait for an answer. What was asked on it is rejected. */
const drop = (client: Client): void => {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}

/** Whether the connection keeps the process alive. `pg` has it for its pool; its types do not say so. */
const keepAlive = (client: Client, yes: boolean): void => {
  const socket = client as unknown as { ref(): void; unref(): void }
  if (yes) socket.ref()
  else socket.unref()
}
