import { AntiphonError } from 'antiphon'

/** Why a file could not be kept or read. */
export type FileStoreErrorCode = 'file_too_large' | 'file_quota' | 'file_unknown'

/** A file that cannot be kept, or is not there. */
export class FileStoreError extends AntiphonError<FileStoreErrorCode> {
  override name = 'FileStoreError'
}

export const tooLarge = (filename: string, maxBytes: number): FileStoreError =>
  new FileStoreError(
    'file_too_large',
    `The file "${shown(filename)}" is larger than ${maxBytes} bytes. Send a smaller one, or in parts.`,
  )

export const overQuota = (filename: string, limit: string): FileStoreError =>
  new FileStoreError(
    'file_quota',
    `There is no room for the file "${shown(filename)}": all files together may be at most ${limit}. Delete some first.`,
  )

export const unknownFile = (id: string): FileStoreError =>
  new FileStoreError('file_unknown', `There is no file "${shown(id)}", or not any more.`)

const shown = (text: string): string => text.slice(0, 100)
