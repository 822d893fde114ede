import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { ConfigError, ToolRetry } from 'antiphon'
import { isSecretPath } from './secret-path.ts'

/** A folder that tools may read, and nothing outside of it. */
export interface Folder {
  /** Absolute, with every symbolic link resolved. */
  readonly root: string
  /** Names of folders that listings and searches do not enter, unless one is named as the place to look in. */
  readonly skip: ReadonlySet<string>
}

/** A place inside a folder. */
export interface Place {
  /** Absolute, with every symbolic link resolved. */
  readonly full: string
  /** The same, relative to the root, with `/`; `.` is the root. */
  readonly name: string
}

/** Folders that hold what is installed, built or kept by version control. */
const SKIPPED_FOLDERS: readonly string[] = [
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'dist',
  'coverage',
  '.turbo',
  '.cache',
  '.venv',
  '__pycache__',
]

/**
 * Opens a folder for reading.
 *
 * @throws ConfigError `invalid_config` when there is no such folder.
 */
export const openFolder = (root: string, skip: readonly string[] = SKIPPED_FOLDERS): Folder => {
  try {
    return { root: realpathSync(root), skip: new Set(skip) }
  } catch (error) {
    throw new ConfigError(
      'invalid_config',
      `The folder ${root} cannot be opened: ${(error as Error).message}.`,
      { cause: error },
    )
  }
}

/**
 * Finds a path that a model named. Symbolic links are resolved before the check, so none leads out.
 *
 * @throws ToolRetry when the path leaves the folder, does not exist, or names a file that may hold secrets.
 */
export const findPlace = async (folder: Folder, path: string): Promise<Place> => {
  const asked = path.trim().replaceAll('\\', '/')
  const wanted = join(folder.root, asked)
  if (asked.includes('\0') || isAbsolute(asked) || /^[a-z]:/i.test(asked) || !isInside(folder.root, wanted))
    throw outside(path)
  if (isSecretPath(nameIn(folder.root, wanted))) throw secret(path)
  const full = await realpath(wanted).catch((error: NodeJS.ErrnoException) => {
    throw new ToolRetry(
      error.code === 'ENOENT' || error.code === 'ENOTDIR'
        ? `There is no ${asked} in the folder. list_files shows what is there.`
        : `${asked} cannot be opened (${error.code ?? error.message}).`,
    )
  })
  if (!isInside(folder.root, full)) throw outside(path)
  // A harmless name may be a link to a file that is not.
  if (isSecretPath(nameIn(folder.root, full))) throw secret(path)
  return { full, name: nameIn(folder.root, full) }
}

const isInside = (root: string, path: string): boolean => {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

const nameIn = (root: string, path: string): string => relative(root, path).split(sep).join('/') || '.'

const outside = (path: string): ToolRetry =>
  new ToolRetry(
    `${JSON.stringify(path)} is outside the folder. Give a path relative to it, such as src/index.ts; "." is the folder itself.`,
  )

const secret = (path: string): ToolRetry =>
  new ToolRetry(`${path} may hold secrets (keys, passwords), which are not shown to a model.`)
