import type { ResponsesDatabase } from './responses-database.ts'

/**
 * Tells who waits for a response that something has happened. What this process does, and what the database tells, comes at once. Beside that it looks by itself, with one
 * question for all who wait: SQLite tells nobody, and news from Postgres may be lost.
 */
export class ResponseNews {
  readonly #database: Pick<ResponsesDatabase, 'sql' | 'presence'>
  readonly #waiting = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #version: number | undefined
  #isClosed = false

  constructor(database: Pick<ResponsesDatabase, 'sql' | 'presence'>) {
    this.#database = database
  }

  /** Calls `awake` at news of a topic, and sometimes for nothing. Returns what ends it. */
  watch(topic: string, awake: () => void): () => void {
    if (this.#isClosed) return () => undefined
    const call = (): void => awake()
    const forget = this.#database.presence.onWake(topic, call)
    this.#waiting.add(call)
    this.#lookLater()
    return () => {
      forget()
      this.#waiting.delete(call)
      if (this.#waiting.size === 0) this.#rest()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#waiting.clear()
    this.#rest()
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#version = undefined
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(() => void this.#look(), this.#database.presence.pollMs)
  }

  async #look(): Promise<void> {
    const isNew = await this.#isChanged()
    this.#timer = undefined
    if (this.#waiting.size === 0) return
    if (isNew) for (const awake of [...this.#waiting]) awake()
    if (this.#waiting.size > 0) this.#lookLater()
  }

  /** Whether others may have written since it was last asked. */
  async #isChanged(): Promise<boolean> {
    const { sql } = this.#database
    if (sql.dialect === 'postgres') return true
    try {
      // Counts what other connections have written; asked of memory, it costs no reading of the file.
      const [row] = await sql.all<{ data_version: number }>('pragma data_version')
      const isChanged = row?.data_version !== this.#version
      this.#version = row?.data_version
      return isChanged
    } catch {
      // Who waits finds out by itself.
      return true
    }
  }
}
