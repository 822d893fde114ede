import { constants as flags } from 'node:fs'
import { link, lstat, mkdir, open, rename } from 'node:fs/promises'
import { PatchError } from '../patch-error.ts'
import type { FileChange, FilePlace } from './change.ts'
import { copyInto } from './copy-into.ts'
import { commitJournal, writeJournal } from './journal.ts'
import { errorCode, type HeldFolder, openEntry } from './open-folder.ts'
import { digestOf, readSnapshot } from './read-snapshot.ts'
import { newName, oldName, type UndoEntry, undoChanges } from './undo-changes.ts'

/** Told before each step that changes the disk; a test stops there. */
export type OnStep = (step: string) => void | Promise<void>

const conflict = (path: string, what: string, cause?: unknown): PatchError =>
  new PatchError(
    'patch_conflict',
    `${path} ${what} while the patch was made. Nothing was changed; read it again.`,
    {
      cause,
    },
  )

/** Writes what is to come, with the permissions and, where we may, the owner that it is to have. */
const stageNew = async (
  staging: HeldFolder,
  number: number,
  { place, before, after }: FileChange,
): Promise<void> => {
  const handle = await open(
    staging.entry(newName(number)),
    flags.O_WRONLY | flags.O_CREAT | flags.O_EXCL | flags.O_NOFOLLOW,
    0o666,
  )
  try {
    await handle.writeFile(after!.bytes)
    const owner = before ?? (await lstat(place.folder.entry('.')))
    const own = await handle.stat()
    if (owner.uid !== own.uid || owner.gid !== own.gid)
      await handle.chown(owner.uid, owner.gid).catch((error: unknown) => {
        if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'EINVAL') throw error
      })
    if (after!.mode !== undefined) await handle.chmod(after!.mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A second name, or where there are none a copy, for what is there now. */
const keepOld = async (staging: HeldFolder, number: number, { folder, name }: FilePlace): Promise<void> => {
  try {
    await link(folder.entry(name), staging.entry(oldName(number)))
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error
    await copyInto(folder.entry(name), staging.entry(oldName(number)))
  }
}

const checkOld = async (
  staging: HeldFolder,
  number: number,
  { place, before }: FileChange,
): Promise<void> => {
  const old = await readSnapshot(staging, oldName(number), place.path, Number.MAX_SAFE_INTEGER)
  if (old === undefined || !old.bytes.equals(before!.bytes)) throw conflict(place.path, 'was changed')
}

/** Makes the folders that are missing, and gives the file its place below them. */
const makeFolders = async (
  place: FilePlace,
  made: { folder: HeldFolder; name: string }[],
  held: HeldFolder[],
): Promise<FilePlace> => {
  let { folder } = place
  for (const name of place.missing) {
    try {
      await mkdir(folder.entry(name))
      made.push({ folder, name })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
    folder = await openEntry(folder, name)
    held.push(folder)
  }
  return { ...place, folder, missing: [] }
}

/** Gives one file its new state; `begin` is called as soon as there may be something to take back. */
const applyOne = async (
  staging: HeldFolder,
  number: number,
  change: FileChange,
  begin: () => void,
): Promise<void> => {
  const { folder, name, path } = change.place
  if (change.before === undefined) {
    try {
      await link(staging.entry(newName(number)), folder.entry(name))
    } catch (error) {
      if (errorCode(error) === 'EEXIST') throw conflict(path, 'appeared', error)
      await copyInto(staging.entry(newName(number)), folder.entry(name))
    }
    begin()
    return
  }
  const now = await lstat(folder.entry(name), { bigint: true })
  if (now.ino !== change.before.ino) throw conflict(path, 'was replaced')
  begin()
  if (change.after === undefined) await rename(folder.entry(name), staging.entry(oldName(number)))
  else await rename(staging.entry(newName(number)), folder.entry(name))
}

const foldersOf = (changes: readonly FileChange[]): string[] => {
  const folders = new Set<string>()
  for (const { place } of changes) {
    const names = place.path.split('/').slice(0, -1)
    for (let missing = place.missing.length - 1; missing >= 0; missing--)
      folders.add(names.slice(0, names.length - missing).join('/'))
  }
  return [...folders]
}

/**
 * Makes all changes or none: what is to come and what was there are kept in the staging folder, which a journal explains, until every file has its place.
 * A process that dies in the middle leaves both to the next patch, which takes the changes back.
 *
 * Resolves with the error that made it take everything back, and whether the staging folder is still needed, because taking back failed as well.
 */
export const commitChanges = async (
  staging: HeldFolder,
  changes: readonly FileChange[],
  onStep: OnStep = () => undefined,
): Promise<{ keepStaging: boolean; error?: unknown }> => {
  const made: { folder: HeldFolder; name: string }[] = []
  const held: HeldFolder[] = []
  const begun: UndoEntry[] = []
  const digest = (side: { bytes: Buffer } | undefined): string | null => (side ? digestOf(side.bytes) : null)
  try {
    await onStep('journal')
    await writeJournal(staging, {
      folders: foldersOf(changes),
      changes: changes.map(({ place, before, after }) => ({
        path: place.path,
        before: digest(before),
        after: digest(after),
      })),
    })
    const placed: FileChange[] = []
    for (const [number, change] of changes.entries()) {
      await onStep(`stage ${number}`)
      const place = await makeFolders(change.place, made, held)
      placed.push({ ...change, place })
      if (change.after !== undefined) await stageNew(staging, number, { ...change, place })
      if (change.before === undefined || change.after === undefined) continue
      await onStep(`keep ${number}`)
      await keepOld(staging, number, place)
      await checkOld(staging, number, change)
    }
    await staging.sync()
    for (const [number, change] of placed.entries()) {
      await onStep(`apply ${number}`)
      await applyOne(staging, number, change, () =>
        begun.push({
          number,
          place: change.place,
          before: digest(change.before),
          after: digest(change.after),
        }),
      )
    }
    await onStep('check')
    for (const [number, change] of placed.entries()) {
      if (change.before !== undefined) await checkOld(staging, number, change)
      await change.place.folder.sync()
    }
    await onStep('commit')
    await commitJournal(staging)
    return { keepStaging: false }
  } catch (error) {
    try {
      await undoChanges(staging, begun, made)
      return { keepStaging: false, error }
    } catch (undoError) {
      return {
        keepStaging: true,
        error: new PatchError(
          'patch_failed',
          'The patch failed, and taking back what it had begun failed, too. The next patch of this folder tries it again.',
          { cause: new AggregateError([error, undoError]) },
        ),
      }
    }
  } finally {
    for (const folder of held) await folder.close()
  }
}
