import type { ChunkingBody } from './bodies.ts'
import { attributesText } from './file-resource.ts'
import { refuse } from './refuse.ts'
import { touchStore } from './store-life.ts'
import type { StoreRow } from './store-resource.ts'
import type { StoresHost } from './stores-host.ts'

/** A file that is put into a store, as a request says it. */
export interface AttachBody {
  readonly file_id: string
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | null | undefined
  readonly chunking_strategy?: ChunkingBody | null | undefined
}

/** Rows that are written in one transaction. */
const ROWS = 100

/**
 * Puts files into a store, to be read in the background. One that is there already is read anew.
 *
 * @throws WireRefusal 404 for files that are not there, 400 when they are too many.
 */
export const attachFiles = async (
  host: StoresHost,
  store: StoreRow,
  given: readonly AttachBody[],
  batchId?: string,
  paramOf: (n: number) => string = (n) => `file_ids[${n}]`,
): Promise<void> => {
  const { sql, bounds } = host
  const { tenant, id: storeId } = store
  await touchStore(host, store)
  const names: string[] = []
  for (const [n, { file_id: id }] of given.entries()) {
    const file = await host.files.get(tenant, id)
    if (file === undefined) throw refuse.noSuchUpload(id, paramOf(n))
    names.push(file.filename)
  }
  const [there] = await sql.all<{ n: number }>(
    'select count(*) as n from antiphon_vector_store_files where tenant = ? and store_id = ?',
    [tenant, storeId],
  )
  if ((there?.n ?? 0) + given.length > bounds.maxFilesPerStore)
    throw refuse.tooMany('files in this store', bounds.maxFilesPerStore)
  const now = Date.now()
  for (let first = 0; first < given.length; first += ROWS)
    await sql.transaction(async (session) => {
      for (const [n, { file_id: id, attributes, chunking_strategy: chunking }] of given
        .slice(first, first + ROWS)
        .entries()) {
        const cut = chunking?.type === 'static' ? chunking.static : undefined
        await session.run(
          `insert into antiphon_vector_store_files (tenant, store_id, id, batch_id, status, epoch, filename, attributes, max_tokens, overlap_tokens, created_at)
            values (?, ?, ?, ?, 'in_progress', 1, ?, ?, ?, ?, ?)
            on conflict (tenant, store_id, id) do update set batch_id = excluded.batch_id, status = 'in_progress', owner = null, attempts = 0, not_before = 0,
              epoch = antiphon_vector_store_files.epoch + 1, filename = excluded.filename, attributes = excluded.attributes, max_tokens = excluded.max_tokens,
              overlap_tokens = excluded.overlap_tokens, error_code = null, error_message = null`,
          [
            tenant,
            storeId,
            id,
            batchId ?? null,
            names[first + n] ?? '',
            attributesText(attributes),
            cut?.max_chunk_size_tokens ?? null,
            cut?.chunk_overlap_tokens ?? null,
            now + first + n,
          ],
        )
      }
    })
  host.wake()
}
