import { existsSync, constants as flags } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { PatchError } from '../patch-error.ts'
import { safePath } from './safe-path.ts'

/** A folder that was reached without leaving the root, and is held open: a path in it stays in it, whatever is moved or linked meanwhile. */
export interface HeldFolder {
  /** The path of an entry. Never ask the system to follow the entry itself: it may be a link. */
  entry(name: string): string
  /** Equal for two handles on the same folder. */
  readonly key: string
  /** Makes what happened to its entries last. */
  sync(): Promise<void>
  close(): Promise<void>
}

// Linux names what an open folder holds; elsewhere its path is used, and checked once more before each write.
const HELD = existsSync('/proc/self/fd')
const OPEN_FOLDER = flags.O_RDONLY | flags.O_DIRECTORY | flags.O_NOFOLLOW
const ONLY_PATHS = new Set(['ELOOP', 'ENOTDIR', 'EMLINK'])

/** What the system calls a failure, such as `ENOENT`. */
export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException)?.code

const toFolder = async (handle: FileHandle, path: string): Promise<HeldFolder> => {
  const { dev, ino } = await handle.stat({ bigint: true })
  const base = HELD ? `/proc/self/fd/${handle.fd}` : path
  return {
    entry: (name) => join(base, name),
    key: `${dev}:${ino}`,
    sync: async () => {
      // Some file systems cannot do it for folders; what they promise without it is all there is.
      await handle.sync().catch(() => undefined)
    },
    close: () => handle.close(),
  }
}

/** Opens a folder below another one, without following links. Throws what the system throws. */
export const openEntry = async (folder: HeldFolder, name: string): Promise<HeldFolder> => {
  const path = folder.entry(name)
  if (!HELD && (await lstat(path)).isSymbolicLink())
    throw Object.assign(new Error(`${name} is a link`), { code: 'ELOOP' })
  const handle = await open(path, OPEN_FOLDER)
  try {
    return await toFolder(handle, path)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The folder below which everything happens, and its path without links. */
export interface Root {
  readonly folder: HeldFolder
  readonly path: string
}

/** Opens the root itself, whose own path may have links. @throws PatchError `patch_failed` */
export const openRoot = async (root: string): Promise<Root> => {
  try {
    const path = await realpath(root)
    return { folder: await toFolder(await open(path, OPEN_FOLDER), path), path }
  } catch (error) {
    throw new PatchError('patch_failed', `The root ${JSON.stringify(root)} cannot be opened as a folder.`, {
      cause: error,
    })
  }
}

/** What was found on the way to a folder: the folder, or the last one that exists and the names that are missing below it. */
export interface ReachedFolder {
  readonly folder: HeldFolder
  readonly missing: readonly string[]
}

const walk = async (root: HeldFolder, names: readonly string[]): Promise<ReachedFolder> => {
  let folder = root
  for (const [position, name] of names.entries()) {
    let next: HeldFolder
    try {
      next = await openEntry(folder, name)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return { folder, missing: names.slice(position) }
      if (folder !== root) await folder.close()
      throw error
    }
    if (folder !== root) await folder.close()
    folder = next
  }
  return { folder, missing: [] }
}

/**
 * Goes to a folder below the root. A link on the way is followed only if it leads to a folder below the root.
 * The folder is the caller's to close, unless it is the root itself.
 *
 * @throws PatchError `patch_path`
 */
export const reachFolder = async (
  root: Root,
  names: readonly string[],
  protectedNames: readonly string[],
): Promise<ReachedFolder> => {
  const shown = JSON.stringify(names.join('/'))
  try {
    return await walk(root.folder, names)
  } catch (error) {
    if (!ONLY_PATHS.has(errorCode(error) ?? '')) throw error
  }
  const real = await realpath(join(root.path, ...names)).catch(() => undefined)
  const inside = real === undefined ? undefined : relative(root.path, real)
  if (inside === undefined || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new PatchError(
      'patch_path',
      `${shown} is refused: it is no folder, or a link on the way leads out of the root.`,
    )
  if (inside !== '') safePath(inside.split(sep).join('/'), protectedNames)
  try {
    return await walk(root.folder, inside === '' ? [] : inside.split(sep))
  } catch (error) {
    throw new PatchError('patch_path', `${shown} is refused: a link on the way changed meanwhile.`, {
      cause: error,
    })
  }
}
