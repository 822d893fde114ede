import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { z } from 'zod'
import { PatchError } from '../patch-error.ts'
import { writeDurably } from './journal.ts'
import { errorCode, type HeldFolder, openEntry, type Root } from './open-folder.ts'
import { readSnapshot } from './read-snapshot.ts'
import { STAGING_FOLDER } from './safe-path.ts'

const OWNER = 'owner.json'
const Owner = z.object({ pid: z.number(), host: z.string(), started: z.string(), released: z.boolean() })
const WAIT_MS = 10_000
const ASK_AGAIN_MS = 20
/** Another machine, or a process that died before it wrote who it is, is waited for this long. */
const SILENT_MS = 60_000

/** When a process began, in the system's own count; it tells a process from a later one of the same number. */
const startOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? ''
  } catch {
    return ''
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

const isAbandoned = async (root: HeldFolder): Promise<boolean> => {
  let age: number
  try {
    age = Date.now() - (await lstat(root.entry(STAGING_FOLDER))).mtimeMs
  } catch {
    return false
  }
  let owner: z.infer<typeof Owner> | undefined
  try {
    const folder = await openEntry(root, STAGING_FOLDER)
    try {
      const file = await readSnapshot(folder, OWNER, OWNER, 10_000)
      owner = file && Owner.safeParse(JSON.parse(file.bytes.toString('utf8'))).data
    } finally {
      await folder.close()
    }
  } catch {
    // Not ours, or not whole: its age decides.
  }
  if (owner?.host !== hostname()) return age > SILENT_MS
  return owner.released || !isAlive(owner.pid) || startOf(owner.pid) !== owner.started
}

const say = (staging: HeldFolder, released: boolean): Promise<void> =>
  writeDurably(
    staging,
    OWNER,
    JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid), released }),
  )

/** The one staging folder of a root. Who made it is alone in changing files. */
export interface Staging {
  readonly folder: HeldFolder
  /** Staging folders that dead processes left, by their names in this one; the newest may hold older ones. */
  readonly left: readonly string[]
  /** Removes it, or leaves it to the next patch when something in it is still needed. */
  release(keep: boolean): Promise<void>
}

/**
 * Makes the staging folder of a root, or waits until whoever has it is done. One whose process is dead is taken over.
 *
 * @throws PatchError `patch_busy`
 */
export const takeStaging = async ({ folder: root }: Root): Promise<Staging> => {
  const until = Date.now() + WAIT_MS
  for (;;) {
    try {
      await mkdir(root.entry(STAGING_FOLDER), 0o700)
      break
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
    if (await isAbandoned(root)) {
      await rename(root.entry(STAGING_FOLDER), root.entry(`${STAGING_FOLDER}-${randomUUID()}`)).catch(
        (error: unknown) => {
          if (errorCode(error) !== 'ENOENT') throw error
        },
      )
      continue
    }
    if (Date.now() > until)
      throw new PatchError('patch_busy', `Another patch is at work in this folder. Try again later.`, {
        retryable: true,
      })
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
  const folder = await openEntry(root, STAGING_FOLDER)
  await say(folder, false)
  const left: string[] = []
  for (const name of await readdir(root.entry('.'))) {
    if (!name.startsWith(`${STAGING_FOLDER}-`)) continue
    await rename(root.entry(name), folder.entry(name))
    left.push(name)
  }
  return {
    folder,
    left,
    release: async (keep) => {
      try {
        if (keep) await say(folder, true)
        else {
          // Out of the way at once, then removed: whoever is cut off in between leaves nothing that others wait for.
          const done = root.entry(`${STAGING_FOLDER}-${randomUUID()}`)
          await rename(root.entry(STAGING_FOLDER), done)
          await rm(done, { recursive: true, force: true })
        }
      } finally {
        await folder.close()
      }
    },
  }
}
