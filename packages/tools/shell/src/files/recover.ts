import { randomUUID } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { PatchError } from '../patch-error.ts'
import { readJournal } from './journal.ts'
import { type HeldFolder, openEntry, type Root, reachFolder } from './open-folder.ts'
import { STAGING_FOLDER, safePath } from './safe-path.ts'
import type { Staging } from './staging.ts'
import { type UndoEntry, undoChanges } from './undo-changes.ts'

type Entry = { folder: HeldFolder; name: string; path: string }

/** The folder of a path in a journal, if it is still there and still allowed: whoever can write below the root can write a journal. */
const find = async (
  root: Root,
  path: string,
  protectedNames: readonly string[],
): Promise<Entry | undefined> => {
  try {
    const names = safePath(path, protectedNames)
    const { folder, missing } = await reachFolder(root, names.slice(0, -1), protectedNames)
    if (missing.length === 0) return { folder, name: names.at(-1)!, path }
    if (folder !== root.folder) await folder.close()
  } catch {
    // What cannot be reached cannot be taken back.
  }
  return undefined
}

const recoverOne = async (root: Root, left: HeldFolder, protectedNames: readonly string[]): Promise<void> => {
  const journal = await readJournal(left)
  if (journal !== undefined) {
    const held: HeldFolder[] = []
    const found = async (path: string): Promise<Entry | undefined> => {
      const entry = await find(root, path, protectedNames)
      if (entry !== undefined && entry.folder !== root.folder) held.push(entry.folder)
      return entry
    }
    try {
      const entries: UndoEntry[] = []
      for (const [number, { path, before, after }] of journal.changes.entries()) {
        const place = await found(path)
        if (place !== undefined) entries.push({ number, place, before, after })
      }
      const folders: Entry[] = []
      for (const path of journal.folders) {
        const entry = await found(path)
        if (entry !== undefined) folders.push(entry)
      }
      await undoChanges(left, entries, folders)
    } finally {
      for (const folder of held) await folder.close()
    }
  }
}

/**
 * Takes back what patches began whose process died in the middle.
 *
 * @throws PatchError `patch_failed` when that cannot be done: what was there before is still in the staging folder then.
 */
export const recover = async (
  root: Root,
  staging: Staging,
  protectedNames: readonly string[],
): Promise<void> => {
  const left = [...staging.left]
  try {
    for (const name of left) {
      const folder = await openEntry(staging.folder, name).catch(() => undefined)
      if (folder !== undefined) {
        try {
          await recoverOne(root, folder, protectedNames)
          // One that died while it took others back has these inside.
          for (const inner of await readdir(folder.entry('.'))) {
            if (!inner.startsWith(`${STAGING_FOLDER}-`)) continue
            const own = `${STAGING_FOLDER}-${randomUUID()}`
            await rename(folder.entry(inner), staging.folder.entry(own))
            left.push(own)
          }
        } finally {
          await folder.close()
        }
      }
      await rm(staging.folder.entry(name), { recursive: true, force: true })
    }
  } catch (error) {
    throw new PatchError(
      'patch_failed',
      `A process died in the middle of a patch, and what it began cannot be taken back. What was there before is in ${STAGING_FOLDER} below the root: a person has to put it right and remove that folder.`,
      { cause: error },
    )
  }
}
