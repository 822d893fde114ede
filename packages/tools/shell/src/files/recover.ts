import { readdir, rm } from 'node:fs/promises'
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
  for (const name of await readdir(left.entry('.'))) {
    if (!name.startsWith(`${STAGING_FOLDER}-`)) continue
    const older = await openEntry(left, name)
    try {
      await recoverOne(root, older, protectedNames)
    } finally {
      await older.close()
    }
  }
}

/** Takes back what patches began whose process died in the middle. */
export const recover = async (
  root: Root,
  staging: Staging,
  protectedNames: readonly string[],
): Promise<void> => {
  for (const name of staging.left) {
    const left = await openEntry(staging.folder, name).catch(() => undefined)
    if (left !== undefined) {
      try {
        await recoverOne(root, left, protectedNames)
      } finally {
        await left.close()
      }
    }
    await rm(staging.folder.entry(name), { recursive: true, force: true })
  }
}
