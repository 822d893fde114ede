import { constants } from 'node:fs'
import { type FileHandle, open, opendir, unlink } from 'node:fs/promises'
import { SandboxError } from '../sandbox-error.ts'
import type { SandboxUser } from '../user/choose-user.ts'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants

/** A file that a sandbox may have made. */
export interface BeneathFile {
  /** Relative to the folder, with slashes. */
  readonly path: string
  readonly bytes: number
  /** Changes when its content may have: inode, size, and time of its content. */
  readonly version: string
}

/** What listing may take. */
export interface BeneathLimits {
  /** @defaultValue 1_000 */
  readonly maxFiles?: number
  /** @defaultValue 16 */
  readonly maxDepth?: number
}

const refuse = (path: string, why: string, cause?: unknown): never => {
  throw new SandboxError('sandbox_file_refused', `${JSON.stringify(path)} is not read: ${why}.`, { cause })
}

/** A path in a folder as its parts. @throws SandboxError `sandbox_file_refused` for one that could lead out. */
export const partsBeneath = (path: string): readonly string[] => {
  const parts = path.split('/')
  if (path.includes('\0') || parts.some((part) => ['', '.', '..'].includes(part)))
    refuse(path, 'it is no plain relative path')
  return parts
}

/**
 * Opens a plain file in a folder that a sandbox writes, for reading. No link is followed at any place of the path, also when the folder is changed meanwhile: each step begins at the folder that
 * is open already, never at its name.
 *
 * @throws SandboxError `sandbox_file_refused` for a link, a pipe, a device, or a path that leads out; the system's own error when it is not there.
 */
export const openBeneath = async (folder: string, path: string): Promise<FileHandle> => {
  const parts = partsBeneath(path)
  let at = await open(folder, O_RDONLY | O_DIRECTORY)
  try {
    for (const part of parts.slice(0, -1)) at = await step(at, part, path)
    const file = await openIn(at, parts.at(-1)!, O_RDONLY | O_NONBLOCK, path)
    const found = await file.stat()
    if (found.isFile()) return file
    await file.close()
    return refuse(path, 'it is no plain file')
  } finally {
    await at.close()
  }
}

/**
 * Writes a file into a folder that a sandbox writes, in the place of a file that has its name; a link there is replaced, not followed. It belongs to the user of the sandbox.
 *
 * @throws SandboxError `sandbox_file_refused` for a name with slashes, or that a folder has.
 */
export const writeBeneath = async (
  folder: string,
  name: string,
  content: Uint8Array,
  user?: SandboxUser,
): Promise<void> => {
  if (partsBeneath(name).length > 1) refuse(name, 'files are put into the folder itself')
  const at = await open(folder, O_RDONLY | O_DIRECTORY)
  try {
    const place = `${reach(at)}/${name}`
    await removeAt(place, name)
    const file = await open(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644)
    try {
      if (user !== undefined) await file.chown(user.uid, user.gid)
      await file.writeFile(content)
    } finally {
      await file.close()
    }
  } finally {
    await at.close()
  }
}

/** Removes a plain file, or a link itself. */
export const removeBeneath = async (folder: string, path: string): Promise<void> => {
  const parts = partsBeneath(path)
  let at = await open(folder, O_RDONLY | O_DIRECTORY)
  try {
    for (const part of parts.slice(0, -1)) at = await step(at, part, path)
    await removeAt(`${reach(at)}/${parts.at(-1)!}`, path)
  } finally {
    await at.close()
  }
}

/**
 * The plain files in a folder that a sandbox writes, and below it. Links, pipes and everything else are left out. `isCut` when there is more than was asked for.
 *
 * @throws the system's own error when the folder is not there.
 */
export const listBeneath = async (
  folder: string,
  { maxFiles = 1_000, maxDepth = 16 }: BeneathLimits = {},
): Promise<{ readonly files: readonly BeneathFile[]; readonly isCut: boolean }> => {
  const files: BeneathFile[] = []
  let isCut = false
  // Folders and other things that are no file count, too: they cost as much to look at.
  let looked = 0
  const walk = async (at: FileHandle, prefix: string, depth: number): Promise<void> => {
    for await (const entry of await opendir(reach(at))) {
      if (files.length >= maxFiles || looked >= maxFiles * 4) {
        isCut = true
        return
      }
      looked += 1
      const path = `${prefix}${entry.name}`
      if (entry.isDirectory()) {
        if (depth >= maxDepth) isCut = true
        else await walkInto(at, entry.name, path, depth)
      } else if (entry.isFile()) {
        const found = await describe(at, entry.name, path)
        if (found !== undefined) files.push(found)
      }
    }
  }
  const walkInto = async (at: FileHandle, name: string, path: string, depth: number): Promise<void> => {
    const below = await openIn(at, name, O_RDONLY | O_DIRECTORY, path).catch(() => undefined)
    if (below === undefined) return
    try {
      await walk(below, `${path}/`, depth + 1)
    } finally {
      await below.close()
    }
  }
  const root = await open(folder, O_RDONLY | O_DIRECTORY)
  try {
    await walk(root, '', 1)
  } finally {
    await root.close()
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { files, isCut }
}

const describe = async (at: FileHandle, name: string, path: string): Promise<BeneathFile | undefined> => {
  const file = await openIn(at, name, O_RDONLY | O_NONBLOCK, path).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const found = await file.stat({ bigint: true })
    if (!found.isFile()) return undefined
    const version = [found.ino, found.size, found.mtimeNs].join('-')
    return { path, bytes: Number(found.size), version }
  } finally {
    await file.close()
  }
}

/** Never a folder: what is in one could change under us. */
const removeAt = async (place: string, path: string): Promise<void> => {
  try {
    await unlink(place)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EISDIR' || code === 'EPERM') refuse(path, 'it is a folder', cause)
    if (code !== 'ENOENT') throw cause
  }
}

/** The name of an open folder, which is the folder itself whatever becomes of its path. */
const reach = (at: FileHandle): string => `/proc/self/fd/${at.fd}`

const openIn = async (at: FileHandle, name: string, flags: number, path: string): Promise<FileHandle> => {
  try {
    return await open(`${reach(at)}/${name}`, flags | O_NOFOLLOW)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'ENXIO')
      return refuse(path, 'there is a link, or no plain file, in it', cause)
    throw cause
  }
}

const step = async (at: FileHandle, part: string, path: string): Promise<FileHandle> => {
  const next = await openIn(at, part, O_RDONLY | O_DIRECTORY, path)
  await at.close()
  return next
}
