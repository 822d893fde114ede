import { constants as flags } from 'node:fs'
import { copyFile, open, unlink } from 'node:fs/promises'

/** Copies a file to a name that is free, where the file system has no hard links, and makes the copy last. */
export const copyInto = async (from: string, to: string): Promise<void> => {
  await copyFile(from, to, flags.COPYFILE_EXCL)
  try {
    const handle = await open(to, flags.O_RDONLY | flags.O_NOFOLLOW)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await unlink(to)
    throw error
  }
}
