import { createHash, randomInt } from 'node:crypto'
import type { Client } from 'pg'
import { type Presence, Wakeups } from '../presence.ts'
import type { Sql, SqlSession } from '../sql.ts'
import { Link, type LinkHooks } from './link.ts'
import type { PostgresTarget } from './target.ts'

/** News of the same moment go out together. */
const GATHER_MS = 10

/**
 * Presence at a Postgres database: one connection beside the pool holds an advisory lock under a number of its own, which the server releases with the connection. It
 * also listens. When it is lost it is made again, with the same number; a run that was taken meanwhile is fenced.
 */
export class PostgresPresence implements Presence {
  readonly pollMs = 1_000
  readonly #sql: Sql
  readonly #link: Link
  /** 18 digits: a `bigint`. */
  readonly #number = `${randomInt(10 ** 8, 10 ** 9)}${randomInt(10 ** 8, 10 ** 9)}`
  /** By channel. */
  readonly #wakeups = new Wakeups()
  readonly #news = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #wantsLock = false
  #lock: Promise<void> | undefined

  constructor(target: PostgresTarget, sql: Sql, reconnectMs: number) {
    this.#sql = sql
    const hooks: LinkHooks = {
      prepare: async (client) => {
        if (this.#wantsLock) await this.#takeLock(client)
        for (const channel of this.#wakeups.topics) await client.query(`listen ${channel}`)
        // What was said while nobody listened is lost.
        this.#wakeups.wakeAll()
      },
      onNotice: (channel) => this.#wakeups.wake(channel),
      isNeeded: () => this.#wantsLock || this.#wakeups.size > 0,
    }
    this.#link = new Link(target, hooks, reconnectMs)
  }

  async owner(): Promise<string> {
    this.#lock ??= this.#firstLock().catch((error: unknown) => {
      this.#lock = undefined
      throw error
    })
    await this.#lock
    // A connection that is being made again takes the lock before anybody gets it.
    await this.#link.use(async () => undefined)
    return this.#number
  }

  async isAlive(owner: string, sql: SqlSession): Promise<boolean> {
    if (owner === this.#number) return true
    if (!/^\d{1,18}$/.test(owner)) return false
    // Shared, so that two that ask at the same time do not take each other for the owner.
    const [row] = await sql.all<{ free: boolean }>(
      'select pg_try_advisory_xact_lock_shared(cast(? as bigint)) as free',
      [owner],
    )
    return row?.free !== true
  }

  wake(topic: string): void {
    const channel = channelOf(topic)
    this.#wakeups.wake(channel)
    this.#news.add(channel)
    this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS)
    this.#timer.unref()
  }

  onWake(topic: string, awake: () => void): () => void {
    const channel = channelOf(topic)
    if (this.#wakeups.add(channel, awake)) this.#say(`listen ${channel}`)
    return () => {
      if (this.#wakeups.remove(channel, awake)) this.#say(`unlisten ${channel}`)
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#news.size > 0) await this.#tell()
    await this.#link.close()
  }

  async #firstLock(): Promise<void> {
    const isOpen = this.#link.isOpen
    this.#wantsLock = true
    if (isOpen) await this.#link.use((client) => this.#takeLock(client))
    else await this.#link.use(async () => undefined)
  }

  async #takeLock(client: Client): Promise<void> {
    // It counts: taken twice on one connection it is still released with it.
    await client.query('select pg_advisory_lock($1)', [this.#number])
  }

  /** Whoever does not hear it looks by itself. */
  async #tell(): Promise<void> {
    const channels = [...this.#news].join(',')
    this.#news.clear()
    this.#timer = undefined
    await this.#sql
      .all(`select pg_notify(channel, '') from unnest(string_to_array(?, ',')) as channel`, [channels])
      .catch(() => undefined)
  }

  #say(text: string): void {
    this.#link.use((client) => client.query(text)).catch(() => undefined)
  }
}

/** Names of channels are short and case-insensitive; ids of runs need not be. */
const channelOf = (topic: string): string =>
  `antiphon_${createHash('sha256').update(topic).digest('hex').slice(0, 32)}`
