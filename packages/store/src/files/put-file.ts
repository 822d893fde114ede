import { createHash } from 'node:crypto'
import type { Presence } from '../presence.ts'
import { taken } from '../responses/keys.ts'
import { DuplicateRow, type Sql, type SqlSession } from '../sql.ts'
import { evenPieces } from './file-pieces.ts'
import { labelled } from './file-row.ts'
import {
  DEFAULT_MAX_FILE_BYTES,
  type FileLimits,
  type LateLabels,
  type NewFile,
  type StoredFile,
} from './file-store.ts'
import { overQuota, tooLarge, unknownFile } from './file-store-error.ts'
import { removePieces } from './remove-files.ts'

/** What files are kept in. */
export interface FilesDatabase {
  readonly sql: Sql
  readonly presence: Presence
}

/** Writes a file piece by piece. Its row says `coming` until the last piece is there. */
export const putFile = async (
  { sql, presence }: FilesDatabase,
  given: NewFile,
  content: AsyncIterable<Uint8Array>,
  limits: FileLimits = {},
  late: (createdAt: number) => LateLabels = () => ({}),
): Promise<StoredFile> => {
  const first = labelled(given)
  const { tenant, id, filename, mimeType } = first
  const { maxBytes = DEFAULT_MAX_FILE_BYTES } = limits
  const createdAt = Date.now()
  const owner = await presence.owner()
  try {
    await sql.transaction(async (session) => {
      await claim(session, tenant, filename, limits, { files: 1, bytes: 0 })
      await session.run(
        `insert into antiphon_files (tenant, id, status, owner, filename, purpose, mime_type, bytes, sha256, created_at, expires_at)
          values (?, ?, 'coming', ?, ?, ?, ?, 0, '', ?, ?)`,
        [tenant, id, owner, filename, first.purpose, mimeType ?? null, createdAt, first.expiresAt ?? null],
      )
    })
  } catch (error) {
    throw error instanceof DuplicateRow ? taken('a file', id) : error
  }
  const hash = createHash('sha256')
  let bytes = 0
  let n = 0
  try {
    for await (const piece of evenPieces(limited(content, maxBytes, filename))) {
      hash.update(piece)
      await sql.transaction(async (session) => {
        await claim(session, tenant, filename, limits, { files: 0, bytes: piece.length })
        const isThere = await session.run(
          `update antiphon_files set bytes = bytes + ? where tenant = ? and id = ? and status = 'coming'`,
          [piece.length, tenant, id],
        )
        if (isThere === 0) throw unknownFile(id)
        await session.run('insert into antiphon_file_pieces (tenant, file_id, n, body) values (?, ?, ?, ?)', [
          tenant,
          id,
          n,
          piece,
        ])
      })
      bytes += piece.length
      n += 1
    }
    const sha256 = hash.digest('hex')
    const { purpose, expiresAt } = labelled({ ...first, ...late(createdAt) })
    const isThere = await sql.run(
      `update antiphon_files set status = 'ready', owner = null, sha256 = ?, purpose = ?, expires_at = ? where tenant = ? and id = ? and status = 'coming'`,
      [sha256, purpose, expiresAt ?? null, tenant, id],
    )
    if (isThere === 0) throw unknownFile(id)
    return {
      tenant,
      id,
      filename,
      purpose,
      ...(mimeType === undefined ? {} : { mimeType }),
      bytes,
      sha256,
      createdAt,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
  } catch (error) {
    // When this fails too, whoever removes what has expired does it.
    await removePieces(sql, tenant, id).catch(() => undefined)
    throw error
  }
}

/** Passes on until there is more than may be. */
async function* limited(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
  filename: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of content) {
    bytes += piece.length
    if (bytes > maxBytes) throw tooLarge(filename, maxBytes)
    yield piece
  }
}

/** Counts what comes to what a tenant has, or throws when that is too much. */
const claim = async (
  session: SqlSession,
  tenant: string,
  filename: string,
  { maxTenantBytes = Number.MAX_SAFE_INTEGER, maxTenantFiles = Number.MAX_SAFE_INTEGER }: FileLimits,
  more: { readonly files: number; readonly bytes: number },
): Promise<void> => {
  if (more.files > 0)
    await session.run(
      'insert into antiphon_file_usage (tenant, files, bytes) values (?, 0, 0) on conflict (tenant) do nothing',
      [tenant],
    )
  const counted = await session.run(
    'update antiphon_file_usage set files = files + ?, bytes = bytes + ? where tenant = ? and files + ? <= ? and bytes + ? <= ?',
    [more.files, more.bytes, tenant, more.files, maxTenantFiles, more.bytes, maxTenantBytes],
  )
  if (counted === 0)
    throw overQuota(filename, more.files > 0 ? `${maxTenantFiles} files` : `${maxTenantBytes} bytes`)
}
