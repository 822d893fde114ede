import { link, lstat, rename, rmdir, unlink } from 'node:fs/promises'
import type { FilePlace } from './change.ts'
import { copyInto } from './copy-into.ts'
import { errorCode, type HeldFolder } from './open-folder.ts'
import { digestOf, readSnapshot } from './read-snapshot.ts'

/** A change that may have happened, to be taken back. */
export interface UndoEntry {
  /** Its number in the patch, which names its files in the staging folder. */
  readonly number: number
  readonly place: Pick<FilePlace, 'folder' | 'name' | 'path'>
  readonly before: string | null
  readonly after: string | null
}

/** Names of a change's files while it happens: what is to come, and what was there. */
export const newName = (number: number): string => `${number}.new`
export const oldName = (number: number): string => `${number}.old`

const exists = (folder: HeldFolder, name: string): Promise<boolean> =>
  lstat(folder.entry(name)).then(
    (stat) => stat.isFile(),
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return false
      throw error
    },
  )

const digestAt = async ({ folder, name, path }: UndoEntry['place']): Promise<string | null> => {
  try {
    const file = await readSnapshot(folder, name, path, Number.MAX_SAFE_INTEGER)
    return file === undefined ? null : digestOf(file.bytes)
  } catch {
    // A folder or a link of somebody else: not what the patch wrote.
    return 'other'
  }
}

/** Gives an entry back to its folder unless the name is taken. */
const giveBack = async (
  staging: HeldFolder,
  number: number,
  folder: HeldFolder,
  name: string,
): Promise<void> => {
  try {
    await link(staging.entry(oldName(number)), folder.entry(name))
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    await copyInto(staging.entry(oldName(number)), folder.entry(name))
  }
}

const undoOne = async (staging: HeldFolder, { number, place, before, after }: UndoEntry): Promise<void> => {
  const { folder, name } = place
  const now = await digestAt(place)
  if (before === null) {
    if (after !== null && now === after) await unlink(folder.entry(name))
    return
  }
  if (now === before || !(await exists(staging, oldName(number)))) return
  if (now === null) await giveBack(staging, number, folder, name)
  else if (now === after) await rename(staging.entry(oldName(number)), folder.entry(name))
  // Somebody else wrote the file since. Theirs stays; what was there before the patch is kept beside it.
  else await giveBack(staging, number, folder, `${name}.before-patch`)
}

/** Takes changes back, the last one first, and removes the folders that the patch made, if they are empty. */
export const undoChanges = async (
  staging: HeldFolder,
  entries: readonly UndoEntry[],
  folders: readonly { folder: HeldFolder; name: string }[],
): Promise<void> => {
  for (const entry of entries.toReversed()) {
    await undoOne(staging, entry)
    await entry.place.folder.sync()
  }
  for (const { folder, name } of folders.toReversed()) {
    await rmdir(folder.entry(name)).catch((error: unknown) => {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error
    })
  }
}
