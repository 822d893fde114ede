import { randomBytes } from 'node:crypto'
import { checkKeys } from '../responses/keys.ts'
import type { NewFile, StoredFile } from './file-store.ts'

/** A row of `antiphon_files`, as far as it is read. */
export interface FileRow {
  readonly id: string
  readonly filename: string
  readonly purpose: string
  readonly mime_type: string | null
  readonly bytes: number
  readonly sha256: string
  readonly created_at: number
  readonly expires_at: number | null
}

export const FILE_COLUMNS = 'id, filename, purpose, mime_type, bytes, sha256, created_at, expires_at'

export const fileOf = (tenant: string, row: FileRow): StoredFile => ({
  tenant,
  id: row.id,
  filename: row.filename,
  purpose: row.purpose,
  ...(row.mime_type === null ? {} : { mimeType: row.mime_type }),
  bytes: row.bytes,
  sha256: row.sha256,
  createdAt: row.created_at,
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
})

const MAX_LABEL = 255

/**
 * The labels as a database takes them: neither NUL nor half a character, of a bounded length.
 *
 * @throws ConfigError `invalid_config` for a tenant or an id that cannot be one.
 */
export const labelled = (file: NewFile): NewFile & { readonly id: string } => {
  const id = file.id ?? `file-${randomBytes(16).toString('hex')}`
  checkKeys(file.tenant, id)
  return {
    ...file,
    id,
    filename: label(file.filename),
    purpose: label(file.purpose),
    ...(file.mimeType === undefined ? {} : { mimeType: label(file.mimeType) }),
  }
}

const label = (text: string): string =>
  [...text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\ufffd')].slice(0, MAX_LABEL).join('')
