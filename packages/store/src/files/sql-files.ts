import { areKeys } from '../responses/keys.ts'
import { placesOf } from './file-pieces.ts'
import { FILE_COLUMNS, type FileRow, fileOf } from './file-row.ts'
import type { FileListOptions, FileRange, FileStore, FileUsage, StoredFile } from './file-store.ts'
import { unknownFile } from './file-store-error.ts'
import { type FilesDatabase, putFile } from './put-file.ts'
import { removeExpiredFiles, removeFile } from './remove-files.ts'

/** Files in a database, in rows of 1 MiB. */
export const sqlFiles = (database: FilesDatabase): FileStore => {
  const { sql } = database

  const get = async (tenant: string, id: string): Promise<StoredFile | undefined> => {
    if (!areKeys(tenant, id)) return undefined
    const [row] = await sql.all<FileRow>(
      `select ${FILE_COLUMNS} from antiphon_files where tenant = ? and id = ? and status = 'ready' and (expires_at is null or expires_at > ?)`,
      [tenant, id, Date.now()],
    )
    return row === undefined ? undefined : fileOf(tenant, row)
  }

  async function* read(
    tenant: string,
    id: string,
    { start, end }: FileRange = {},
  ): AsyncGenerator<Uint8Array> {
    const file = await get(tenant, id)
    if (file === undefined) throw unknownFile(id)
    for (const place of placesOf(file.bytes, start, end)) {
      const [row] = await sql.all<{ body: Uint8Array }>(
        'select body from antiphon_file_pieces where tenant = ? and file_id = ? and n = ?',
        [tenant, id, place.n],
      )
      if (row === undefined || row.body.length < place.end) throw unknownFile(id)
      yield row.body.subarray(place.start, place.end)
    }
  }

  return {
    put: (file, content, limits, late) => putFile(database, file, content, limits, late),
    get,
    read,
    async list(tenant, { purpose, order = 'desc', after, limit = 100 }: FileListOptions = {}) {
      const behind = after === undefined ? undefined : await get(tenant, after)
      if (after !== undefined && behind === undefined) return undefined
      const sign = order === 'asc' ? '>' : '<'
      const rows = await sql.all<FileRow>(
        `select ${FILE_COLUMNS} from antiphon_files where tenant = ? and status = 'ready' and (expires_at is null or expires_at > ?)
          ${purpose === undefined ? '' : 'and purpose = ?'}
          ${behind === undefined ? '' : `and (created_at, id) ${sign} (?, ?)`}
          order by created_at ${order}, id ${order} limit ?`,
        [
          tenant,
          Date.now(),
          ...(purpose === undefined ? [] : [purpose]),
          ...(behind === undefined ? [] : [behind.createdAt, behind.id]),
          limit,
        ],
      )
      return rows.map((row) => fileOf(tenant, row))
    },
    delete: (tenant, id) => removeFile(sql, tenant, id),
    async usage(tenant): Promise<FileUsage> {
      const [row] = await sql.all<FileUsage>(
        'select files, bytes from antiphon_file_usage where tenant = ?',
        [tenant],
      )
      return { files: row?.files ?? 0, bytes: row?.bytes ?? 0 }
    },
    removeExpired: (now = Date.now()) => removeExpiredFiles(database, now),
  }
}
