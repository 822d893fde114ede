import { createHash } from 'node:crypto'
import { constants as flags } from 'node:fs'
import { open } from 'node:fs/promises'
import { PatchError } from '../patch-error.ts'
import { errorCode, type HeldFolder } from './open-folder.ts'

/** A file as it was read. */
export interface FileSnapshot {
  readonly bytes: Buffer
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly ino: bigint
}

// Not blocked by a pipe that nobody writes to, not led away by a link.
const READ = flags.O_RDONLY | flags.O_NOFOLLOW | flags.O_NONBLOCK

/** What the journal knows a content by. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/**
 * Reads a regular file; undefined where there is none.
 *
 * @throws PatchError `patch_path` for a link, a folder, a device; `patch_too_large`
 */
export const readSnapshot = async (
  folder: HeldFolder,
  name: string,
  shown: string,
  maxBytes: number,
): Promise<FileSnapshot | undefined> => {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(folder.entry(name), READ)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return undefined
    if (code === 'ELOOP' || code === 'EMLINK')
      throw new PatchError('patch_path', `${shown} is a link. Patch the file that it leads to.`, {
        cause: error,
      })
    if (code === 'ENXIO')
      throw new PatchError('patch_path', `${shown} is not a regular file.`, { cause: error })
    throw error
  }
  try {
    const { size, mode, uid, gid, ino, isFile } = await handle.stat({ bigint: true }).then((stat) => ({
      size: Number(stat.size),
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      ino: stat.ino,
      isFile: stat.isFile(),
    }))
    if (!isFile) throw new PatchError('patch_path', `${shown} is not a regular file.`)
    if (size > maxBytes)
      throw new PatchError(
        'patch_too_large',
        `${shown} has ${size} bytes; a patch takes files of up to ${maxBytes}.`,
      )
    const buffer = Buffer.allocUnsafe(size + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    if (length > size) throw new PatchError('patch_conflict', `${shown} grew while it was read. Try again.`)
    return { bytes: buffer.subarray(0, length), mode, uid, gid, ino }
  } finally {
    await handle.close()
  }
}
