import type { Owners } from '@antiphon/store'
import type { ParseLimits } from '../parse/parsed-file.ts'
import type { FileRow } from './file-resource.ts'
import { IngestFailure, ingestFile } from './ingest-file.ts'
import { emptyExpiredStores } from './store-life.ts'
import type { StoresHost } from './stores-host.ts'

/** Options of {@link createIngestor}. */
export interface IngestorOptions {
  /** Files that are read at the same time. @defaultValue 2 */
  readonly concurrency?: number
  /** Bounds of reading one file. */
  readonly limits?: ParseLimits
  /** How often to look for work that others have left, in milliseconds. @defaultValue 5,000 */
  readonly everyMs?: number
  /** Told of what is not the fault of a file: it is tried again. */
  readonly onError?: (error: unknown) => void
}

/** Reads files into vector stores, in the background. */
export interface Ingestor {
  /** There is work. */
  wake(): void
  /** Stops: what is under way is given back, for whoever is next. */
  close(): Promise<void>
}

/** A file whose process ended so often, or whose reading failed so often, has failed. */
const MAX_ATTEMPTS = 3
const RETRY_MS = 2_000
/** Tenants, and files of one, that are looked at in one look. */
const TENANTS = 100
const ROWS = 64

/** Works on what stands `in_progress` and is nobody's, or of a process that is gone; tenants take turns. */
export const createIngestor = (
  host: Omit<StoresHost, 'wake' | 'bounds'>,
  owners: Owners,
  { concurrency = 2, limits = {}, everyMs = 5_000, onError = () => undefined }: IngestorOptions = {},
): Ingestor => {
  const { sql } = host
  const stop = new AbortController()
  const running = new Map<string, Promise<void>>()
  let looking: Promise<void> | undefined
  let hasMore = false
  let lastTenant = ''
  const timer = setInterval(() => wake(), everyMs)
  timer.unref()

  const wake = (): void => {
    hasMore = true
    if (stop.signal.aborted) return
    looking ??= look()
      .catch(onError)
      .finally(() => {
        looking = undefined
        if (hasMore && running.size < concurrency) wake()
      })
  }

  const look = async (): Promise<void> => {
    hasMore = false
    await emptyExpiredStores(host)
    while (running.size < concurrency && !stop.signal.aborted) {
      const row = await next()
      if (row === undefined) return
      const key = keyOf(row)
      const work = workOn(row)
        .catch(onError)
        .finally(() => {
          running.delete(key)
          wake()
        })
      running.set(key, work)
    }
    // Whoever ends looks again.
  }

  /** The oldest file of the tenant whose turn it is, taken. */
  const next = async (): Promise<FileRow | undefined> => {
    const own = await owners.own()
    const alive = new Map([[own, true]])
    for (const behind of lastTenant === '' ? [''] : [lastTenant, '']) {
      const tenants = await sql.all<{ tenant: string }>(
        `select distinct tenant from antiphon_vector_store_files where status = 'in_progress' and tenant > ? order by tenant limit ${TENANTS}`,
        [behind],
      )
      for (const { tenant } of tenants) {
        const row = await takeOf(tenant, own, alive)
        if (row === undefined) continue
        lastTenant = tenant
        return row
      }
    }
    return undefined
  }

  /** The oldest file of a tenant that nobody works on, taken. */
  const takeOf = async (
    tenant: string,
    own: string,
    alive: Map<string, boolean>,
  ): Promise<FileRow | undefined> => {
    const rows = await sql.all<FileRow>(
      // Those that are nobody's first: others are looked at only for owners that are gone.
      `select * from antiphon_vector_store_files where tenant = ? and status = 'in_progress' and not_before <= ? order by (owner is not null), created_at limit ${ROWS}`,
      [tenant, Date.now()],
    )
    for (const row of rows) {
      if (running.has(keyOf(row))) continue
      if (row.owner !== null) {
        if (!alive.has(row.owner)) alive.set(row.owner, await owners.isAlive(row.owner))
        if (alive.get(row.owner) === true) continue
      }
      const taken = await sql.run(
        `update antiphon_vector_store_files set owner = ?, attempts = attempts + 1 where tenant = ? and store_id = ? and id = ? and epoch = ? and status = 'in_progress'
            and attempts = ?`,
        [own, tenant, row.store_id, row.id, row.epoch, row.attempts],
      )
      if (taken > 0) return { ...row, attempts: row.attempts + 1 }
    }
    return undefined
  }

  const workOn = async (row: FileRow): Promise<void> => {
    if (row.attempts > MAX_ATTEMPTS)
      return failed(
        row,
        'server_error',
        `It was begun ${MAX_ATTEMPTS} times, and the process ended each time.`,
      )
    try {
      const bytes = await ingestFile(host, row, limits, stop.signal)
      await completed(row, bytes)
    } catch (error) {
      if (error instanceof IngestFailure) return failed(row, error.code, error.message)
      if (stop.signal.aborted) return giveBack(row, row.attempts - 1, 0)
      onError(error)
      if (row.attempts >= MAX_ATTEMPTS)
        return failed(row, 'server_error', 'It could not be read or embedded. Try again later.')
      await giveBack(row, row.attempts, Date.now() + RETRY_MS * row.attempts)
    }
  }

  /** What is read is only found when nothing has happened to the file since; else it is taken out, or read anew. */
  const completed = async (row: FileRow, bytes: number): Promise<void> => {
    const changed = await change(row, `status = 'completed', owner = null, usage_bytes = ?`, [bytes])
    if (changed) {
      // Attributes that were changed while it was read.
      const [now] = await sql.all<{ attributes: string }>(
        'select attributes from antiphon_vector_store_files where tenant = ? and store_id = ? and id = ?',
        [row.tenant, row.store_id, row.id],
      )
      if (now !== undefined && now.attributes !== row.attributes)
        await host.index.setAttributes(row.tenant, row.store_id, row.id, JSON.parse(now.attributes))
      return
    }
    const [there] = await sql.all<{ status: string }>(
      'select status from antiphon_vector_store_files where tenant = ? and store_id = ? and id = ?',
      [row.tenant, row.store_id, row.id],
    )
    if (there === undefined || there.status === 'cancelled')
      await host.index.remove(row.tenant, row.store_id, row.id)
    else
      await sql.run(
        `update antiphon_vector_store_files set status = 'in_progress', owner = null, epoch = epoch + 1 where tenant = ? and store_id = ? and id = ? and status = 'completed'`,
        [row.tenant, row.store_id, row.id],
      )
  }

  const failed = async (row: FileRow, code: string, message: string): Promise<void> => {
    const text = message.replaceAll('\0', '').slice(0, 500)
    await change(row, `status = 'failed', owner = null, error_code = ?, error_message = ?`, [code, text])
  }

  const giveBack = async (row: FileRow, attempts: number, notBefore: number): Promise<void> => {
    await change(row, 'owner = null, attempts = ?, not_before = ?', [attempts, notBefore])
  }

  const change = async (row: FileRow, set: string, values: (string | number)[]): Promise<boolean> =>
    (await sql.run(
      `update antiphon_vector_store_files set ${set} where tenant = ? and store_id = ? and id = ? and epoch = ? and status = 'in_progress'`,
      [...values, row.tenant, row.store_id, row.id, row.epoch],
    )) > 0

  return {
    wake,
    async close() {
      clearInterval(timer)
      stop.abort(new Error('The server is closing.'))
      await looking
      await Promise.allSettled(running.values())
    },
  }
}

const keyOf = ({ tenant, store_id: storeId, id }: FileRow): string => JSON.stringify([tenant, storeId, id])
