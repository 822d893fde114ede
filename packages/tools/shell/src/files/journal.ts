import { constants as flags } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { z } from 'zod'
import { PatchError } from '../patch-error.ts'
import type { HeldFolder } from './open-folder.ts'
import { readSnapshot } from './read-snapshot.ts'

/** What a patch is about to do, on the disk before it does it: whoever finds it after a crash takes it back. */
const Journal = z.object({
  /** Folders that the patch makes, parents first. */
  folders: z.array(z.string()).max(10_000),
  /** Digests of each file before and after; null where there is none. */
  changes: z
    .array(z.object({ path: z.string(), before: z.string().nullable(), after: z.string().nullable() }))
    .max(10_000),
})
export type Journal = z.infer<typeof Journal>

const JOURNAL = 'journal.json'
const COMMITTED = 'committed.json'
const MAX_JOURNAL_BYTES = 16 * 1024 * 1024

/** Writes a new file and makes it last before it has its name. */
export const writeDurably = async (
  folder: HeldFolder,
  name: string,
  content: string | Buffer,
): Promise<void> => {
  const draft = `${name}.draft`
  const handle = await open(
    folder.entry(draft),
    flags.O_WRONLY | flags.O_CREAT | flags.O_TRUNC | flags.O_NOFOLLOW,
    0o600,
  )
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(folder.entry(draft), folder.entry(name))
  await folder.sync()
}

/** Says what is about to happen. */
export const writeJournal = (staging: HeldFolder, journal: Journal): Promise<void> =>
  writeDurably(staging, JOURNAL, JSON.stringify(journal))

/** From here on the patch has happened. */
export const commitJournal = async (staging: HeldFolder): Promise<void> => {
  await rename(staging.entry(JOURNAL), staging.entry(COMMITTED))
  await staging.sync()
}

/** The journal of a patch that did not get to its end; undefined when it has happened, or had not begun. */
export const readJournal = async (staging: HeldFolder): Promise<Journal | undefined> => {
  try {
    const file = await readSnapshot(staging, JOURNAL, JOURNAL, MAX_JOURNAL_BYTES)
    return file === undefined ? undefined : Journal.safeParse(JSON.parse(file.bytes.toString('utf8'))).data
  } catch (error) {
    // Not a file, too large, or no JSON: none of ours. What the system refuses is no answer.
    if (!(error instanceof PatchError || error instanceof SyntaxError)) throw error
    return undefined
  }
}
