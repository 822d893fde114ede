import type { SqlSession } from './sql.ts'

/** That this process is there, and what it tells and hears of others on the same database. */
export interface Presence {
  /** Name under which this store holds runs. From the first call on, others can see that it is alive; that ends with the process, however it ends. */
  owner(): Promise<string>
  /** Whether the process behind a name is still there. Needs no clock. */
  isAlive(owner: string, sql: SqlSession): Promise<boolean>
  /** Says that there is something new about a topic, such as a run. May be lost: whoever waits looks by itself every `pollMs`. */
  wake(topic: string): void
  /** Calls `awake` when there may be something new. Returns what ends that. */
  onWake(topic: string, awake: () => void): () => void
  /** How often to look by oneself, in milliseconds. */
  readonly pollMs: number
  close(): Promise<void>
}

/** Who waits for which topic in this process. */
export class Wakeups {
  readonly #waiting = new Map<string, Set<() => void>>()

  wake(topic: string): void {
    const waiting = this.#waiting.get(topic)
    if (waiting !== undefined) for (const awake of [...waiting]) awake()
  }

  wakeAll(): void {
    for (const topic of this.#waiting.keys()) this.wake(topic)
  }

  /** True when it is the first that waits for the topic. */
  add(topic: string, awake: () => void): boolean {
    const waiting = this.#waiting.get(topic)
    if (waiting === undefined) this.#waiting.set(topic, new Set([awake]))
    else waiting.add(awake)
    return waiting === undefined
  }

  /** True when nobody waits for the topic any more. */
  remove(topic: string, awake: () => void): boolean {
    const waiting = this.#waiting.get(topic)
    if (waiting?.delete(awake) !== true || waiting.size > 0) return false
    return this.#waiting.delete(topic)
  }

  get size(): number {
    return this.#waiting.size
  }

  get topics(): Iterable<string> {
    return this.#waiting.keys()
  }
}
